import type { Client } from '@codepiper/client/client.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import { UsageError } from '../usage-error.ts';
import { positionText } from './text.ts';

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/;

/** Where in a recording: seconds since it began, a time, or a turn. */
export type Place = { seconds: number } | { time: string } | { turn: number };

/** @throws UsageError */
export function readPlace(text: string): Place {
  const turn = /^turn[ :]?(\d{1,6})$/i.exec(text.trim())?.[1];
  if (turn !== undefined && Number(turn) > 0) return { turn: Number(turn) };
  if (/^\d{1,7}(\.\d{1,3})?s?$/.test(text)) return { seconds: Number.parseFloat(text) };
  const clock = /^(?:(\d{1,4}):)?(\d{1,5}):([0-5]\d(?:\.\d{1,3})?)$/.exec(text);
  if (clock) {
    const [, hours = '0', minutes, seconds] = clock;
    return { seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) };
  }
  if (isoTime.test(text) && !Number.isNaN(Date.parse(text)))
    return { time: new Date(Date.parse(text)).toISOString() };
  throw new UsageError(
    `--at is "${text}"; it must be seconds, mm:ss, h:mm:ss, "turn 3" or a time like 2026-11-21T10:00Z.`,
  );
}

/**
 * The place as the daemon takes it.
 *
 * @throws CodepiperError for a turn that the recording does not have
 */
export async function findPlace(
  client: Client,
  id: string,
  place: Place | undefined,
): Promise<number | string | undefined> {
  if (place === undefined) return undefined;
  if ('seconds' in place) return place.seconds;
  if ('time' in place) return place.time;
  const { recording } = await client.request('GET', '/sessions/:id/recording', { params: { id } });
  const turns = recording.markers.filter(({ turn }) => turn !== null);
  const found = turns.find(({ turn }) => turn === place.turn);
  if (found) return found.at;
  const [first, last] = [turns[0]?.turn, turns.at(-1)?.turn];
  throw new CodepiperError(
    'invalid_request',
    first == null
      ? `The recording has no turns; it goes from ${positionText(recording.from)} to ${positionText(recording.to)}.`
      : `The recording has no turn ${place.turn}; it has ${first} to ${last}.`,
  );
}
