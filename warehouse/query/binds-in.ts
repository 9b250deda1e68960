/** How many `?` there are in a statement, outside texts, names and comments. */
export function bindsIn(text: string): number {
  const bare = text.replaceAll(/'(?:[^'\\]|\\.|'')*'|"(?:[^"]|"")*"|\$\$[\s\S]*?\$\$|--[^\n]*|\/\*[\s\S]*?\*\//g, "");
  return bare.split("?").length - 1;
}
