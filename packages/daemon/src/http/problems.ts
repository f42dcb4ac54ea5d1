import { z } from 'zod';
import { nearest } from '../platform/nearest.ts';

type Issue = z.core.$ZodIssue;

/** What is wrong at one place of a value. */
export interface Problem {
  path: readonly PropertyKey[];
  message: string;
  /** The key that is not known, where that is what is wrong. */
  key: string | null;
}

/** One line for each problem, as `body.cols: at least 2 columns`. */
export function describeProblems(part: string, schema: z.ZodType, issues: readonly Issue[]): string[] {
  return findProblems(schema, issues).map(
    ({ path, message }) => `${[part, ...path.map(String)].join('.')}: ${message}`,
  );
}

/** The same, with places that a reader of the text can be shown. */
export function findProblems(schema: z.ZodType, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const { path } = issue;
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => ({ path, message: unknownKey(key, known), key }));
    }
    if (issue.code === 'invalid_union') {
      const meant = meantBranch(issue.errors);
      if (meant !== null) {
        return findProblems(
          schema,
          meant.map((inner) => ({ ...inner, path: [...path, ...inner.path] }) as Issue),
        );
      }
    }
    if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
      return [{ path, message: 'is missing', key: null }];
    }
    return [{ path, message: issue.message, key: null }];
  });
}

/** Of the forms a value may have, the one it was written in: the only one that its kind fits. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const fitting = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
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
