import { CodepiperError } from '@codepiper/core/errors.ts';
import {
  type PolicyFile,
  policyFileSchema,
  type Rule,
  rulesSchema,
} from '@codepiper/core/policies/policy.ts';
import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { findProblems, type Problem } from '../http/problems.ts';
import { placeText, valueProblem } from './places.ts';

/** More than anybody writes by hand; what is larger is not read at all. */
const maxCharacters = 4_000_000;
const shownProblems = 8;

/**
 * Reads policies from YAML or JSON: a map with `policies`, a list of policies, or one policy.
 *
 * @param label how errors name the text, such as the path of its file
 * @throws CodepiperError `invalid_request` that names the line of each problem
 */
export function parsePolicies(text: string, label: string): PolicyFile {
  return readText(text, label, policyFileSchema, (value) => {
    if (Array.isArray(value)) return { value: { policies: value }, prefix: ['policies'] };
    if (isRecord(value) && 'rules' in value && !('policies' in value)) {
      return { value: { policies: [value] }, prefix: ['policies', 0] };
    }
    return { value, prefix: [] };
  });
}

/**
 * Reads rules from YAML or JSON: a list of rules, one rule, or a map with `rules`.
 *
 * @throws CodepiperError `invalid_request` that names the line of each problem
 */
export function parseRules(text: string, label: string): Rule[] {
  const schema = z.strictObject({ rules: rulesSchema });
  return readText(text, label, schema, (value) => {
    if (Array.isArray(value)) return { value: { rules: value }, prefix: ['rules'] };
    if (isRecord(value) && !('rules' in value)) return { value: { rules: [value] }, prefix: ['rules', 0] };
    return { value, prefix: [] };
  }).rules;
}

/** What a text holds, in the form its schema wants, and the keys that were put around it. */
type Wrap = (value: unknown) => { value: unknown; prefix: readonly (string | number)[] };

/**
 * Reads YAML or JSON by a schema.
 *
 * @throws CodepiperError `invalid_request` that names the line of each problem
 */
export function readText<S extends z.ZodType>(
  text: string,
  label: string,
  schema: S,
  wrap: Wrap = (value) => ({ value, prefix: [] }),
): z.output<S> {
  if (text.length > maxCharacters) throw problem([`${label} has more than ${maxCharacters} characters`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${label}:${line || 1}:${col || 1}`;
  };
  if (document.errors.length > 0) {
    throw problem(document.errors.map((error) => `${at(error.pos[0])}: broken YAML: ${error.message}`));
  }
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // Aliases of nothing, or far too many.
    throw problem([`${at(0)}: broken YAML: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const { value, prefix } = wrap(content);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw problem(
    findProblems(schema, result.error.issues).map((found) => {
      const path = found.path.slice(prefix.length);
      // What stands alone in the text needs no number.
      const isOne = typeof prefix.at(-1) === 'number';
      const place = placeText(isOne ? path : found.path);
      const message = valueProblem(found.message, document.getIn(path));
      return `${at(offsetOf(document, path, found))}: ${place === '' ? '' : `${place}: `}${message}`;
    }),
  );
}

/** Where a problem stands in the text: at the unknown key, at the value, or at what is around a missing one. */
function offsetOf(document: Document, path: readonly PropertyKey[], { key }: Problem): number {
  if (key !== null) {
    const around = path.length === 0 ? document.contents : document.getIn(path, true);
    const pair = isMap(around)
      ? around.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0;
  }
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    if (hasRange(node)) return node.range[0];
  }
  return hasRange(document.contents) ? document.contents.range[0] : 0;
}

function hasRange(node: unknown): node is { range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(problems: readonly string[]): CodepiperError {
  const shown = problems.slice(0, shownProblems).join('; ');
  const rest = problems.length - shownProblems;
  return new CodepiperError('invalid_request', rest > 0 ? `${shown}; and ${rest} more` : shown, {
    problems: [...problems],
  });
}
