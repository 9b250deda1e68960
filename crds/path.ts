/** The way to a field from the top: member names and list indexes. */
export type Path = readonly (string | number)[];

/** `spec.source.kafka.topics[0]`; a name that would be mistaken is quoted: `columns["order.id"]`. */
export function pathText(path: Path): string {
  return path
    .map((step, at) => {
      if (typeof step === "number") return `[${step}]`;
      if (!plainName.test(step)) return `[${JSON.stringify(step)}]`;
      return at === 0 ? step : `.${step}`;
    })
    .join("");
}

/** The path that `pathText` made this text of; of any other text as much of the beginning as is a path. */
export function parsePath(text: string): Path {
  const path: (string | number)[] = [];
  let end = 0;
  for (const match of text.matchAll(step)) {
    if (match.index !== end) break;
    end += match[0].length;
    const [, name, index, quoted] = match;
    path.push(name ?? (index === undefined ? (JSON.parse(quoted!) as string) : Number(index)));
  }
  return path;
}

const plainName = /^[^.[\]"\s]+$/;
const step = /\.?([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g;
