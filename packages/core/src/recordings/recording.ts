import { z } from 'zod';

/** Seconds since the recording began, to the millisecond. */
const position = z.number().min(0);

/** What a marker stands for. */
export const markerKindSchema = z.enum(['turn', 'turn-end', 'tool', 'approval', 'settled']);
export type MarkerKind = z.output<typeof markerKindSchema>;

const markerSchema = z.object({
  at: position,
  kind: markerKindSchema,
  label: z.string(),
  /** Number of the turn, counted from the recording's first; null for what is no turn. */
  turn: z.number().int().nullable(),
});

const recordingSegmentSchema = z.object({
  from: position,
  to: position,
  cols: z.number().int(),
  rows: z.number().int(),
  /** On the disk. */
  bytes: z.number().int(),
  /** Output right before it may be missing: the daemon was away, or did not hear. */
  gap: z.boolean(),
});

/** A session's recording, as far as it goes. Positions are seconds since `startedAt`. */
export const recordingSchema = z.object({
  sessionId: z.uuid(),
  /** Whether it is recorded while it is live. */
  on: z.boolean(),
  /** Why that is so, for people. */
  because: z.string(),
  /** Null when there is none. */
  startedAt: z.iso.datetime().nullable(),
  /** Where it begins: more than 0 once the oldest part went for the size. */
  from: position,
  to: position,
  /** On the disk. */
  bytes: z.number().int(),
  segments: z.array(recordingSegmentSchema),
  markers: z.array(markerSchema),
});
export type Recording = z.output<typeof recordingSchema>;
