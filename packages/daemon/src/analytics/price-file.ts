import { readFileSync } from 'node:fs';
import { type PriceFile, priceFileSchema } from '@codepiper/core/analytics/pricing.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { parse } from 'yaml';
import { describeProblems } from '../http/problems.ts';

const shownProblems = 8;

/**
 * Reads the user's own prices (YAML or JSON). An empty text has none.
 *
 * @param label how errors name the text, such as the path of its file
 * @throws CodepiperError `invalid_request` that says what is wrong where
 */
export function parsePrices(text: string, label: string): PriceFile {
  let value: unknown;
  try {
    value = parse(text, { uniqueKeys: true }) ?? {};
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new CodepiperError('invalid_request', `${label} is broken YAML: ${why}`);
  }
  const result = priceFileSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = describeProblems(label, priceFileSchema, result.error.issues);
  const rest = problems.length - shownProblems;
  const text8 = problems.slice(0, shownProblems).join('; ');
  throw new CodepiperError('invalid_request', rest > 0 ? `${text8}; and ${rest} more` : text8, { problems });
}

/**
 * The user's own prices; none where there is no file.
 *
 * @throws CodepiperError `invalid_request` when the file cannot be read or is wrong
 */
export function readPriceFile(path: string): PriceFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { prices: [], aliases: {} };
    const why = error instanceof Error ? error.message : String(error);
    throw new CodepiperError('invalid_request', `${path} cannot be read: ${why}`);
  }
  return parsePrices(text, path);
}
