import { z } from 'zod';
import { nearest } from '../platform/nearest.ts';

type Issue = z.core.$ZodIssue;

/** One line for each problem, as `body.cols: at least 2 columns`. */
export function describeProblems(part: string, schema: z.ZodType, issues: readonly Issue[]): string[] {
  return issues.flatMap((issue) => {
    const place = [part, ...issue.path.map(String)].join('.');
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) => `${place}: ${unknownKey(key, known)}`);
    }
    if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
      return [`${place}: is missing`];
    }
    return [`${place}: ${issue.message}`];
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
  if (known.length === 0) return `unknown key ${shown}; none is taken here`;
  const near = nearest(key, known);
  return near
    ? `unknown key ${shown}; did you mean "${near}"?`
    : `unknown key ${shown}; known are ${known.join(', ')}`;
}

/** Keys of the object schema at a path; none when there is no such object. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: unknown = unwrap(schema);
  for (const step of path) {
    if (here instanceof z.ZodObject) here = unwrap(here.shape[String(step)]);
    else if (here instanceof z.ZodArray) here = unwrap(here.element);
    else if (here instanceof z.ZodRecord) here = unwrap(here.valueType);
    else return [];
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

/** The schema below defaults, optionals and transforms. */
function unwrap(schema: unknown): unknown {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema;
}
