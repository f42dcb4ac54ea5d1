/** An object of JSON whose members are not known yet. */
export type Json = Readonly<Record<string, unknown>>;

/** The value as an object; null for anything else, arrays included. */
export function asObject(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** The value as a string that is not empty; null for anything else. */
export function asText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The value as an array; empty for anything else. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Parses JSON and returns the object in it; null for broken text and for anything that is no object. */
export function parseObject(text: string | null | undefined): Json | null {
  if (!text) return null;
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The `text` members of a list of content blocks, joined by line ends; null when there is none. */
export function textOfBlocks(blocks: unknown, types: readonly string[]): string | null {
  const texts = asArray(blocks).flatMap((block) => {
    const { type, text } = asObject(block) ?? {};
    return typeof type === 'string' && types.includes(type) && typeof text === 'string' ? [text] : [];
  });
  return texts.length > 0 ? texts.join('\n') : null;
}
