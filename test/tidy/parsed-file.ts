import { parseSync, Visitor, type VisitorObject } from "oxc-parser";

/** One way a file reaches another module: an import of any kind, a re-export, `import("x").T`, `new URL("x", import.meta.url)`. */
export interface Reach {
  /** As written; undefined for a name computed at run time. */
  readonly target: string | undefined;
  readonly line: number;
}

/** One declaration that leaves the file. */
export interface Export {
  readonly name: string;
  readonly line: number;
  readonly documented: boolean;
}

/** What the rules need to know about a source file. */
export interface ParsedFile {
  readonly path: string;
  readonly lineCount: number;
  readonly reaches: readonly Reach[];
  readonly exports: readonly Export[];
  /** Lines of `export default`. */
  readonly defaultExports: readonly number[];
  /** Lines that read the environment. */
  readonly environmentReads: readonly number[];
  /** Lines of `let` and `var` outside any function. */
  readonly moduleVariables: readonly number[];
  /** Lines of comments that silence a checker without saying why, or silence it for good. */
  readonly silencers: readonly number[];
}

type Handler<K extends keyof VisitorObject> = NonNullable<VisitorObject[K]>;
type NodeOf<K extends keyof VisitorObject> = Parameters<Handler<K>>[0];
type Declaration = NonNullable<NodeOf<"ExportNamedDeclaration">["declaration"]>;
type Expression = NodeOf<"ImportExpression">["source"];

const text = (node: Expression): string | undefined =>
  node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;

/** Finds every reach by syntax, so that comments and strings never count. */
function reachesOf(add: (node: { start: number }, target: string | undefined) => void): VisitorObject {
  return {
    ImportDeclaration: (node) => add(node, node.source.value),
    ExportAllDeclaration: (node) => add(node, node.source.value),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node, node.source.value);
    },
    ImportExpression: (node) => add(node, text(node.source)),
    TSImportType: (node) => add(node, node.source.value),
    TSExternalModuleReference: (node) => add(node, text(node.expression)),
    CallExpression: ({ callee, arguments: [first], start }) => {
      const required = callee.type === "Identifier" && callee.name === "require";
      const resolved =
        callee.type === "MemberExpression" && callee.object.type === "MetaProperty" && memberName(callee) === "resolve";
      if ((required || resolved) && first !== undefined && first.type !== "SpreadElement") add({ start }, text(first));
    },
    NewExpression: ({ callee, arguments: [first, base], start }) => {
      const beside = base?.type === "MemberExpression" && base.object.type === "MetaProperty" && memberName(base) === "url";
      if (callee.type !== "Identifier" || callee.name !== "URL" || !beside) return;
      const target = first?.type === "Literal" ? text(first) : undefined;
      // Only code: a URL of a data file is no import. A URL is relative without `./`, too.
      if (target !== undefined && /\.[cm]?[jt]s$/.test(target)) add({ start }, target.startsWith(".") ? target : `./${target}`);
    },
  };
}

function memberName(node: NodeOf<"MemberExpression">): string | undefined {
  if (node.property.type === "Identifier" && !node.computed) return node.property.name;
  return node.property.type === "Literal" && typeof node.property.value === "string" ? node.property.value : undefined;
}

/** Finds `process.env` in all its spellings. */
function environmentReadsOf(add: (node: { start: number }) => void): VisitorObject {
  const isProcess = (node: { type: string }): boolean => {
    const expression = node as Expression;
    if (expression.type === "Identifier") return expression.name === "process";
    return expression.type === "MemberExpression" && memberName(expression) === "process";
  };
  return {
    MemberExpression: (node) => {
      if (memberName(node) === "env" && isProcess(node.object)) add(node);
    },
    VariableDeclarator: ({ id, init, start }) => {
      if (init === null || !isProcess(init) || id.type !== "ObjectPattern") return;
      const taken = id.properties.some(
        (property) => property.type === "RestElement" || (property.key.type === "Identifier" && property.key.name === "env"),
      );
      if (taken) add({ start });
    },
    ImportDeclaration: (node) => {
      const fromProcess = node.source.value === "node:process";
      const env = ({ type, ...specifier }: (typeof node.specifiers)[number]): boolean =>
        type === "ImportSpecifier" &&
        "imported" in specifier &&
        specifier.imported.type === "Identifier" &&
        specifier.imported.name === "env";
      if (fromProcess && node.specifiers.some(env)) add(node);
    },
  };
}

function declaredNames(declaration: Declaration): string[] {
  if (declaration.type === "VariableDeclaration")
    return declaration.declarations.map(({ id }) => (id.type === "Identifier" ? id.name : "(pattern)"));
  return "id" in declaration && declaration.id?.type === "Identifier" ? [declaration.id.name] : [];
}

/** A schema value carries its description as its first argument; a type taken from such a value shares it. */
function describesItself(declaration: Declaration): boolean {
  if (declaration.type === "TSTypeAliasDeclaration") {
    const arguments_ = declaration.typeAnnotation.type === "TSTypeReference" ? declaration.typeAnnotation.typeArguments : null;
    return arguments_?.params[0]?.type === "TSTypeQuery";
  }
  if (declaration.type !== "VariableDeclaration") return false;
  return declaration.declarations.every(({ init }) => {
    const [first] = init?.type === "CallExpression" ? init.arguments : [];
    return first?.type === "TemplateLiteral" || (first?.type === "Literal" && typeof first.value === "string");
  });
}

/** `oxlint-disable… -- reason` and `@ts-expect-error reason` say why; `@ts-ignore` and `@ts-nocheck` stay when the reason is gone. */
const silences = (comment: string): boolean =>
  /^\s*@ts-(ignore|nocheck)|^\s*@ts-expect-error\s*$/.test(comment) ||
  (/^\s*(ox|es)lint-disable/.test(comment) && !/ -- \S/.test(comment));

/** Parses one file. Throws with the parser's first message if it is no valid TypeScript. */
export function parseFile(path: string, source: string): ParsedFile {
  const { program, comments, errors } = parseSync(path, source);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const lineAt = (offset: number): number => source.slice(0, offset).split("\n").length;
  const documentedAt = (offset: number): boolean =>
    comments.some(
      ({ type, value, end }) =>
        type === "Block" && value.startsWith("*") && /^\s*$/.test(source.slice(end, offset)) && end <= offset,
    );

  const reaches: Reach[] = [];
  const environmentReads: number[] = [];
  const exports = new Map<string, Export>();
  const defaultExports: number[] = [];
  const visit = (visitor: VisitorObject): void => new Visitor(visitor).visit(program);
  visit(reachesOf((node, target) => void reaches.push({ target, line: lineAt(node.start) })));
  visit(environmentReadsOf((node) => void environmentReads.push(lineAt(node.start))));
  visit({
    ExportDefaultDeclaration: (node) => void defaultExports.push(lineAt(node.start)),
    ExportSpecifier: (node) => {
      if (node.exported.type === "Identifier" && node.exported.name === "default") defaultExports.push(lineAt(node.start));
    },
    ExportNamedDeclaration: (node) => {
      if (node.declaration === null) return;
      const documented = documentedAt(node.start) || describesItself(node.declaration);
      for (const name of declaredNames(node.declaration)) {
        // A function's later overloads share the first one's comment.
        if (!exports.has(name)) exports.set(name, { name, line: lineAt(node.start), documented });
      }
    },
  });
  const moduleVariables = program.body.flatMap((statement) => {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    const changes = declaration?.type === "VariableDeclaration" && (declaration.kind === "let" || declaration.kind === "var");
    return changes ? [lineAt(statement.start)] : [];
  });
  return {
    path,
    lineCount: source.replace(/\n$/, "").split("\n").length,
    reaches,
    exports: [...exports.values()],
    defaultExports,
    environmentReads,
    moduleVariables,
    silencers: comments.filter(({ value }) => silences(value)).map(({ start }) => lineAt(start)),
  };
}
