import { canonicalJson, type JsonObject } from './json.ts';

/**
 * What the client says about the step that it just carried out. The named members are the ones that
 * the engine reads; whatever else the client sends is kept and shown to the decider.
 */
export interface Report extends JsonObject {
  /** Conventionally `success` or `failure`; any non-empty word is accepted. */
  readonly status: string;
}

/** The step that the report is about, if the client says so. */
export function reportedStep(report: Report): string | undefined {
  return typeof report.step_id === 'string' ? report.step_id : undefined;
}

/**
 * Whether two reports say the same. Where they claim to stand (`step_id`) is not part of what they
 * say: it is compared with the instance's position instead.
 */
export function sameReport(one: JsonObject, other: JsonObject): boolean {
  return canonicalJson({ ...one, step_id: null }) === canonicalJson({ ...other, step_id: null });
}
