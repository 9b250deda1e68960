import { describe, expect, test } from "vitest";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import { signInError, statementError, StatementRefused } from "../../../runtime/snowflake/errors.ts";

/** An error as the driver makes it. */
const driverError = (code: string | number, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { code, data: { queryId: "01b2" }, ...more });

describe("a failed statement is", () => {
  test.each([
    [401001, NotConnected, "the session is gone (401001)"],
    [407002, NotConnected, "the session is gone (407002)"],
    ["390111", NotConnected, "the session is gone (390111)"],
    ["000604", NotConnected, "the statement was interrupted (604, query 01b2)"],
    ["000630", NotConnected, "the statement was interrupted (630, query 01b2)"],
    ["000607", NotConnected, "the warehouse does not run (607): ALTER WAREHOUSE … RESUME; loading goes on by itself"],
    ["090073", NotConnected, "a resource monitor has stopped the warehouse (90073): raise its quota; loading goes on by itself"],
    ["000606", Terminal, "no warehouse runs the statements: set warehouse in the Connection, and grant USAGE on it to the role"],
    ["002003", StatementRefused, "Object 'X' does not exist or not authorized. (2003, query 01b2)"],
    ["000904", StatementRefused, "Object 'X' does not exist or not authorized. (904, query 01b2)"],
    ["100038", StatementRefused, "a value does not fit its column (100038, query 01b2)"],
  ])("%s: %s", (code, kind, message) => {
    const error = statementError(driverError(code, "Object 'X'\n  does not exist or not authorized."), "account a");
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toBe(`account a: ${message}`);
    expect(error.cause).toBe(undefined);
  });

  test("NotConnected where the driver itself stumbles, without its words", () => {
    const error = statementError(new TypeError("secret of the driver"), "account a");
    expect(error).toBeInstanceOf(NotConnected);
    expect(error.message).toBe("account a: the driver failed (TypeError)");
  });

  test("the same error again where it is one of ours", () => {
    const error = new Terminal("Reason", "message");
    expect(statementError(error, "account a")).toBe(error);
  });

  test("told in few words, however long Snowflake's are", () => {
    expect(statementError(driverError("001003", "x".repeat(10_000)), "account a").message.length).toBeLessThan(400);
  });
});

describe("a failed sign-in is", () => {
  test.each([
    [401001, NotConnected, /no answer \(401001\)/],
    ["390144", Terminal, /RSA_PUBLIC_KEY/],
    ["390100", Terminal, /check user and the credential/],
    ["390189", Terminal, /GRANT ROLE/],
    ["390422", Terminal, /network policy/],
    ["390318", Terminal, /token is not valid any more/],
    [404045, Terminal, /check account, url and user/],
    ["399999", Terminal, /check user, role and the credential/],
  ])("%s: %s", (code, kind, message) => {
    const error = signInError(driverError(code, "Bearer secret-token"), "account a");
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("secret-token");
  });

  test.each([403, 404])("Terminal where the address answers %s: it is none of an account", (status) => {
    const error = signInError(driverError(401002, "failed", { response: { statusCode: status } }), "account a");
    expect(error).toMatchObject({ reason: "AccountMissing", message: expect.stringContaining(`it answers ${status}`) });
  });

  test("NotConnected where the address answers 503", () => {
    expect(signInError(driverError(401002, "failed", { response: { statusCode: 503 } }), "account a")).toBeInstanceOf(
      NotConnected,
    );
  });
});
