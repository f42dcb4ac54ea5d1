import type { PushSubscriptionInfo } from '@codepiper/core/notifications/notification.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useEffect } from 'react';
import { toast } from 'sonner';
import { client } from '../api/client.ts';
import { wordsOf } from '../api/words-of.ts';
import { Badge } from '../kit/badge.tsx';
import { Button, IconButton } from '../kit/button.tsx';
import { Section } from '../kit/page.tsx';
import { Switch } from '../kit/switch.tsx';
import { Ago } from '../kit/time.tsx';
import type { PushDevice } from './push-device.ts';
import { pushStatus, pushSubscriptions } from './queries.ts';
import { usePushDevice } from './use-push-device.ts';

const hints: Record<PushDevice, string> = {
  on: 'Also while the dashboard is closed. Approve and Deny are in the message.',
  off: 'Also while the dashboard is closed. The browser asks you first.',
  denied:
    'You told the browser not to show notifications of this page: change that in its settings of the page.',
  unsupported: isSecureContext
    ? 'This browser has no push messages. On an iPhone, add the dashboard to the Home Screen first.'
    : 'Browsers have push messages only where the dashboard is opened by HTTPS, or on localhost.',
};

/** Push messages: on this device, and which devices have them. */
export function PushSection() {
  const queries = useQueryClient();
  const { data: status } = useQuery(pushStatus);
  const { data: subscriptions = [] } = useQuery(pushSubscriptions);
  const { device, isBusy, problem, enable, disable } = usePushDevice();
  const test = useMutation({
    mutationFn: sendTest,
    onSettled: () => queries.invalidateQueries(pushSubscriptions),
  });
  const remove = useMutation({
    mutationFn: (endpoint: string) =>
      client.request('DELETE', '/notifications/push/subscriptions', { body: { endpoint } }),
    onError: (error) => toast.error(wordsOf(error)),
    onSettled: () => queries.invalidateQueries(pushSubscriptions),
  });
  // The daemon knows of it only afterwards.
  useEffect(() => {
    if (device === 'on' || device === 'off') void queries.invalidateQueries(pushSubscriptions);
  }, [device, queries]);
  const isOff = status?.enabled === false;
  return (
    <Section
      title="Push messages"
      actions={
        subscriptions.length > 0 && (
          <Button size="small" isBusy={test.isPending} disabled={isOff} onClick={() => test.mutate()}>
            Send a test
          </Button>
        )
      }
    >
      <Switch
        label="On this device"
        hint={
          isOff ? `Switched off: ${status.reasons.join('; ')}.` : device === null ? 'Looking…' : hints[device]
        }
        checked={device === 'on'}
        disabled={isBusy || isOff || device === null || device === 'unsupported' || device === 'denied'}
        onChange={(isOn) => (isOn ? enable() : disable())}
      />
      {problem !== null && (
        <p role="alert" className="pb-2 text-gone text-sm">
          {wordsOf(problem)}
        </p>
      )}
      {subscriptions.length > 0 && (
        <ul aria-label="Devices with push messages" className="border-line border-t">
          {subscriptions.map((each) => (
            <Device
              key={each.id}
              subscription={each}
              isBusy={remove.isPending}
              // This device's own is ended in the browser too.
              onRemove={() => (each.isCurrent && device === 'on' ? disable() : remove.mutate(each.endpoint))}
            />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Device({
  subscription: { device, isCurrent, createdAt, sentAt, lastError },
  isBusy,
  onRemove,
}: {
  subscription: PushSubscriptionInfo;
  isBusy: boolean;
  onRemove: () => void;
}) {
  return (
    <li className="flex items-center gap-3 border-line border-b py-2 last:border-0">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm">
          {device}
          {isCurrent && <Badge tone="accent">this sign-in</Badge>}
        </p>
        <p className="text-quiet text-sm">
          Since <Ago time={createdAt} suffix=" ago" />
          {sentAt !== null && (
            <>
              , last sent <Ago time={sentAt} suffix=" ago" />
            </>
          )}
        </p>
        {lastError !== null && <p className="text-gone text-sm">{lastError}</p>}
      </div>
      <IconButton label={`Send no more to ${device}`} disabled={isBusy} onClick={onRemove}>
        <Trash2 aria-hidden="true" className="size-4" />
      </IconButton>
    </li>
  );
}

async function sendTest(): Promise<void> {
  try {
    const { results } = await client.request('POST', '/notifications/push/test', { body: {} });
    const failed = results.filter(({ outcome }) => outcome !== 'sent');
    if (failed.length === 0)
      toast.success(results.length === 1 ? 'Sent' : `Sent to ${results.length} devices`);
    for (const { device, outcome, detail } of failed) {
      toast.error(
        outcome === 'gone' ? `${device} takes no messages any more; it was removed` : `${device}: ${detail}`,
      );
    }
  } catch (error) {
    toast.error(wordsOf(error));
  }
}
