/**
 * A value as JSON that may be shown on a terminal. JSON itself escapes only some of the characters that a terminal obeys
 * or that turn the direction of writing; here all are, and who reads it gets the same value.
 *
 * @param indent blanks for each level; none: on one line
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
