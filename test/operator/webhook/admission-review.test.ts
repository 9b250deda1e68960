import { expect, test } from "vitest";
import { readReview, reviewAnswer } from "../../../operator/webhook/admission-review.ts";

const request = { uid: "7f", operation: "CREATE", namespace: "shop", name: "", subResource: "", object: null, oldObject: null };
const review = (request: unknown) => JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });

test.each([
  ["{", "the body is not JSON"],
  ["[]", "the body is no AdmissionReview of admission.k8s.io/v1"],
  [
    JSON.stringify({ apiVersion: "admission.k8s.io/v1beta1", kind: "AdmissionReview" }),
    "the body is no AdmissionReview of admission.k8s.io/v1",
  ],
  [review({ operation: "CREATE" }), "the AdmissionReview has no request with uid and operation"],
])("a body that is no review is told apart: %s", (body, wrong) => {
  expect(readReview(body)).toBe(wrong);
});

test("a review is read, what it leaves out is empty", () => {
  expect(readReview(review({ uid: "7f", operation: "CREATE", namespace: "shop" }))).toEqual(request);
});

test("a refusal has all problems, one per line, and for tools each with its field", () => {
  const object = { kind: "Pipeline", metadata: { name: "orders" } };
  const problems = [
    { path: "spec.transform.sql", message: "there is no column a" },
    { path: "spec.sink", message: "set exactly one" },
  ];
  expect(reviewAnswer({ ...request, object }, { problems, warnings: [] })).toEqual({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid: "7f",
      allowed: false,
      status: {
        status: "Failure",
        code: 422,
        reason: "Invalid",
        message: "spec.transform.sql: there is no column a\nspec.sink: set exactly one",
        details: {
          name: "orders",
          group: "snowline.dev",
          kind: "Pipeline",
          causes: [
            { reason: "FieldValueInvalid", field: "spec.transform.sql", message: "there is no column a" },
            { reason: "FieldValueInvalid", field: "spec.sink", message: "set exactly one" },
          ],
        },
      },
    },
  });
});

test("an answer does not grow with the object: 50 problems, 12 warnings of 256 characters, each once", () => {
  const problems = Array.from({ length: 60 }, (_, at) => ({ path: `spec.a${at}`, message: "wrong" }));
  const warnings = ["again", "again", "x".repeat(300), ...Array.from({ length: 20 }, (_, at) => `warning ${at}`)];
  const { response } = reviewAnswer(request, { problems, warnings }) as {
    response: { status: { message: string; details: { causes: unknown[] } }; warnings: string[] };
  };
  expect(response.status.message.split("\n")).toHaveLength(51);
  expect(response.status.message).toMatch(/\nand 10 more$/);
  expect(response.status.details.causes).toHaveLength(50);
  expect(response.warnings).toHaveLength(12);
  expect(response.warnings.slice(0, 2)).toEqual(["again", `${"x".repeat(255)}…`]);
});
