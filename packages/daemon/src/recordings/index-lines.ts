import { markerKindSchema } from '@codepiper/core/recordings/recording.ts';
import { z } from 'zod';

const count = z.number().int();
const markerFields = { at: z.number(), kind: markerKindSchema, label: z.string(), turn: count.nullable() };

/** A place in a recording that has a name; `at` in milliseconds since the epoch. */
const markerLine = z.object(markerFields);
export type Marker = z.output<typeof markerLine>;

/**
 * Why a segment was begun. gap: output right before it may be missing. resize: terminals differ in how they lay out
 * anew, so what is seen then is told once more. key: only to be found quickly; it goes on where the one before ended.
 */
export const segmentStartSchema = z.enum(['gap', 'resize', 'key']);
export type SegmentStart = z.output<typeof segmentStartSchema>;

/** Lines of a recording's index, as they are added to it. */
const indexLine = z.discriminatedUnion('type', [
  /** The first one: when the recording began, and how many turns were counted before the markers below. */
  z.object({ type: z.literal('recording'), at: z.number(), turns: count }),
  z.object({
    type: z.literal('segment'),
    ...{ n: count, at: z.number(), cols: count, rows: count, begins: segmentStartSchema },
  }),
  z.object({ type: z.literal('closed'), n: count, until: z.number() }),
  z.object({ type: z.literal('marker'), ...markerFields }),
]);
export type IndexLine = z.output<typeof indexLine>;

/** Null for a line that is none. */
export function readIndexLine(text: string): IndexLine | null {
  try {
    return indexLine.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
