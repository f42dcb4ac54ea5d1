import { createHash } from 'node:crypto';
import type { ToolInput } from '@codepiper/core/policies/call.ts';
import { canonicalJson } from '@codepiper/core/policies/canonical.ts';

/**
 * What an approval is bound to, and what hooks about the same call are known by: SHA-256 of the canonical input, in
 * hexadecimal. One function, since those who compare such hashes stand in different rooms.
 */
export function hashInput(input: ToolInput): string {
  return createHash('sha256').update(canonicalJson(input)).digest('hex');
}
