import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { authStore } from '../../api/auth-store.ts';
import { client } from '../../api/client.ts';
import { Badge } from '../../kit/badge.tsx';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { Section } from '../../kit/page.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { Ago } from '../../kit/time.tsx';
import { RecoveryCodes } from '../shared/recovery-codes.tsx';
import { PasskeysPart } from './passkeys-part.tsx';
import { PasswordPart } from './password-part.tsx';
import { accountQuery, devicesQuery, useAccountAction } from './settings-queries.ts';

/** Ways in, and the devices that are in. */
export function SecuritySection() {
  const account = useQuery(accountQuery);
  if (account.error) return <ErrorState error={account.error} onRetry={() => void account.refetch()} />;
  if (!account.data) return <SkeletonRows />;
  return (
    <>
      <PasswordPart account={account.data} />
      <RecoveryPart left={account.data.recoveryCodesLeft} />
      <PasskeysPart />
      <DevicesPart />
    </>
  );
}

function RecoveryPart({ left }: { left: number }) {
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const renew = useAccountAction(() => client.request('POST', '/auth/recovery-codes'));
  return (
    <Section
      title="Authenticator"
      actions={
        <Button
          size="small"
          isBusy={renew.isPending}
          onClick={() =>
            renew.mutate(undefined, { onSuccess: ({ recoveryCodes }) => setCodes(recoveryCodes) })
          }
        >
          New recovery codes
        </Button>
      }
    >
      <p className="text-sm">
        Set up. <span className={left < 3 ? 'text-wait' : 'text-quiet'}>{left} recovery codes are left.</span>
      </p>
      <p className="mt-1 text-quiet text-sm">
        To set it up anew, run <code className="font-mono">codepiper auth reset-mfa</code> on the machine of
        the daemon.
      </p>
      <Dialog isOpen={codes !== null} title="Keep these recovery codes" onClose={() => setCodes(null)}>
        {codes && <RecoveryCodes codes={codes} action="Done" onDone={() => setCodes(null)} />}
      </Dialog>
    </Section>
  );
}

function DevicesPart() {
  const { data, error, refetch } = useQuery(devicesQuery);
  const revoke = useAccountAction((id: string) =>
    client.request('DELETE', '/auth/sessions/:id', { params: { id } }),
  );
  const revokeOthers = useAccountAction(() =>
    client.request('POST', '/auth/sessions/revoke-all', { body: { keepCurrent: true } }),
  );
  return (
    <Section
      title="Devices"
      hint="Where you are signed in. What a device has open ends when it is signed out."
      actions={
        <>
          {data && data.length > 1 && (
            <Button
              size="small"
              isBusy={revokeOthers.isPending}
              onClick={() => revokeOthers.mutate(undefined)}
            >
              Sign out all others
            </Button>
          )}
          <Button size="small" onClick={() => void authStore.signOut()}>
            Sign out
          </Button>
        </>
      }
    >
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {!error && !data && <SkeletonRows rows={2} />}
      <ul className="divide-y divide-line">
        {data?.map((device) => (
          <li key={device.id} className="flex items-center gap-3 py-2.5">
            <div className="min-w-0 flex-1">
              <p className="flex flex-wrap items-center gap-2 text-sm">
                {device.device}
                {device.isCurrent && <Badge tone="live">this one</Badge>}
              </p>
              <p className="text-quiet text-xs">
                {device.address} · by {device.method} · seen <Ago time={device.lastSeenAt} suffix=" ago" />
              </p>
            </div>
            {!device.isCurrent && (
              <Button
                size="small"
                tone="danger"
                aria-label={`Sign out ${device.device}`}
                isBusy={revoke.isPending && revoke.variables === device.id}
                onClick={() => revoke.mutate(device.id)}
              >
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
