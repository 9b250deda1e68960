import { ranges, sizedBy } from "./functions.ts";
import { isNode, type Node, type NodeValue, nodes, text } from "./statement.ts";

/**
 * Largest value, in elements or characters, that a number in the SQL may ask for. Such a value is made while the statement is
 * compiled already, and outside of DuckDB's memory limit; a column of more is none that a warehouse takes.
 */
export const sizeMax = 1_000_000;

/** How many elements or characters a function makes, as far as the numbers in the SQL tell; 1 where they do not. */
export function sizeOf(call: Node): number {
  const name = text(call["function_name"]).toLowerCase();
  const children = nodes(call["children"]);
  if (ranges.has(name)) return rangeSize(children.map(numberOf));
  const by = sizedBy[name];
  if (by === undefined) return 1;
  const size = numberOf(children[by] ?? null) ?? 1;
  // What is repeated may itself have been made large.
  const within = name === "repeat" && children[0] !== undefined ? sizeWithin(children[0]) : 1;
  return Math.max(1, size) * within;
}

function sizeWithin(part: Node): number {
  const constant = isNode(part["value"]) ? part["value"]["value"] : undefined;
  if (part["class"] === "CONSTANT" && typeof constant === "string") return Math.max(1, constant.length);
  return part["class"] === "FUNCTION" ? sizeOf(part) : 1;
}

function rangeSize(bounds: readonly (number | null)[]): number {
  const [start, stop, step] = bounds.length === 1 ? [0, bounds[0], 1] : [bounds[0], bounds[1], bounds.length > 2 ? bounds[2] : 1];
  if (typeof start !== "number" || typeof stop !== "number" || typeof step !== "number" || step === 0) return 1;
  return Math.max(1, Math.floor((stop - start) / step));
}

/** The number that an expression of constants stands for, or null. */
function numberOf(value: NodeValue): number | null {
  if (!isNode(value)) return null;
  if (value["class"] === "CONSTANT") return isNode(value["value"]) ? constantOf(value["value"]) : null;
  if (value["class"] === "CAST") return numberOf(value["child"] ?? null);
  if (value["class"] !== "FUNCTION") return null;
  const operands = nodes(value["children"]).map(numberOf);
  const [left, right] = operands;
  if (typeof left !== "number" || operands.includes(null)) return null;
  return right === undefined ? unary(text(value["function_name"]), left) : binary(text(value["function_name"]), left, right ?? 0);
}

function constantOf(constant: Node): number | null {
  const { type, value } = constant;
  // HUGEINT
  if (isNode(value) && "upper" in value) return Number(numeral(value["upper"])) * 2 ** 64 + Number(numeral(value["lower"]));
  const raw = numeral(value);
  if (typeof raw !== "number" && typeof raw !== "string") return null;
  const number = typeof raw === "string" && raw.trim() === "" ? Number.NaN : Number(raw);
  if (Number.isNaN(number)) return null;
  const details = isNode(type) ? type["type_info"] : null;
  // A DECIMAL is given without its point.
  const scale = isNode(details) ? details["scale"] : 0;
  return typeof scale === "number" ? number / 10 ** scale : number;
}

/** A number with more digits than JavaScript has stands as its text. */
function numeral(value: NodeValue | undefined): NodeValue | undefined {
  return isNode(value) ? value["rawJSON"] : value;
}

function unary(operator: string, operand: number): number | null {
  return operator === "-" ? -operand : operator === "+" ? operand : null;
}

function binary(operator: string, left: number, right: number): number | null {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "<<":
      return left * 2 ** right;
    case "**":
    case "^":
    case "pow":
    case "power":
      return left ** right;
    default:
      return null;
  }
}
