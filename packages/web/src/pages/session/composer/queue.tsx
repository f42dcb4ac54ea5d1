import type { Delivery, DeliveryStatus } from '@codepiper/core/sessions/delivery.ts';
import { useQuery } from '@tanstack/react-query';
import { Check, Clock, Keyboard, TriangleAlert, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../../api/client.ts';
import { queryClient } from '../../../api/query.ts';
import { wordsOf } from '../../../api/words-of.ts';
import { cx } from '../../../kit/cx.ts';
import { deliveriesQuery } from '../session-queries.ts';

/** How long one that is settled is still shown, in milliseconds. */
const shownMs = { delivered: 4_000, cancelled: 0, failed: 60_000 } as const;

const looks: Record<DeliveryStatus, { word: string; tone: string; icon: typeof Check }> = {
  queued: { word: 'queued', tone: 'border-line text-quiet', icon: Clock },
  typed: { word: 'typed', tone: 'border-accent/50 text-accent', icon: Keyboard },
  delivered: { word: 'delivered', tone: 'border-live/50 text-live', icon: Check },
  failed: { word: 'failed', tone: 'border-gone/60 text-gone', icon: TriangleAlert },
  cancelled: { word: 'withdrawn', tone: 'border-line text-quiet', icon: X },
};

/** What was sent and has not arrived yet, and for a moment what has. */
export function Queue({ session }: { session: string }) {
  const { data } = useQuery(deliveriesQuery(session));
  const now = useNow(data);
  const shown = (data ?? []).filter((delivery) => isShown(delivery, now)).toReversed();
  if (shown.length === 0) return null;
  return (
    <ul
      aria-label="Sent"
      aria-live="polite"
      className="flex max-h-32 flex-wrap gap-1.5 overflow-y-auto px-1 pb-2"
    >
      {shown.map((delivery) => (
        <Chip key={delivery.id} delivery={delivery} />
      ))}
    </ul>
  );
}

function Chip({ delivery }: { delivery: Delivery }) {
  const { word, tone, icon: Icon } = looks[delivery.status];
  const withdraw = async () => {
    try {
      await client.request('DELETE', '/sessions/:id/deliveries/:delivery', {
        params: { id: delivery.sessionId, delivery: delivery.id },
      });
      await queryClient.invalidateQueries({ queryKey: ['deliveries', delivery.sessionId] });
    } catch (error) {
      toast.error(wordsOf(error));
    }
  };
  return (
    <li
      title={delivery.error ?? delivery.evidence?.detail ?? delivery.preview}
      className={cx(
        'flex max-w-full items-center gap-1.5 rounded-full border bg-ground py-0.5 pr-1 pl-2.5 text-xs',
        tone,
      )}
    >
      <Icon aria-hidden="true" className="size-3.5 shrink-0" />
      <span className="shrink-0 font-medium">{word}</span>
      <span className="max-w-56 truncate text-text">{previewOf(delivery)}</span>
      {delivery.status === 'failed' && delivery.error && (
        <span className="max-w-80 truncate">{delivery.error}</span>
      )}
      {delivery.status === 'queued' ? (
        <button
          type="button"
          aria-label={`Withdraw: ${previewOf(delivery)}`}
          onClick={() => void withdraw()}
          className="flex size-6 shrink-0 items-center justify-center rounded-full hover:bg-raised pointer-coarse:size-11"
        >
          <X aria-hidden="true" className="size-3.5" />
        </button>
      ) : (
        <span className="w-1.5" />
      )}
    </li>
  );
}

/** The beginning of the text; images by their names, which are said by their places. */
function previewOf({ preview }: Delivery): string {
  return preview.replaceAll(/@?"?\/[^"\n]*\/images\/([\w.-]+)"?/g, '[$1]');
}

function isShown({ status, settledAt }: Delivery, now: number): boolean {
  if (status === 'queued' || status === 'typed') return true;
  return settledAt !== null && now - Date.parse(settledAt) < shownMs[status];
}

/** The time, read again when the next one has been shown long enough. */
function useNow(deliveries: readonly Delivery[] | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const ends = (deliveries ?? []).flatMap(({ status, settledAt }) =>
      settledAt === null || status === 'queued' || status === 'typed'
        ? []
        : [Date.parse(settledAt) + shownMs[status]],
    );
    const next = Math.min(...ends.filter((end) => end > Date.now()));
    setNow(Date.now());
    if (!Number.isFinite(next)) return;
    const timer = setTimeout(() => setNow(Date.now()), next - Date.now() + 50);
    return () => clearTimeout(timer);
  }, [deliveries]);
  return now;
}
