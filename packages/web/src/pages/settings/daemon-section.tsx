import type { DefaultAction } from '@codepiper/core/policies/policy.ts';
import type { DaemonSettingOrigin } from '@codepiper/core/settings/daemon-settings.ts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { toast } from 'sonner';
import { client } from '../../api/client.ts';
import { wordsOf } from '../../api/words-of.ts';
import { Button } from '../../kit/button.tsx';
import { ConfirmDialog } from '../../kit/dialog.tsx';
import { Field, Select } from '../../kit/field.tsx';
import { Section } from '../../kit/page.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { Switch } from '../../kit/switch.tsx';
import { daemonSettingsQuery, healthQuery, useDaemonSettingsChange } from './settings-queries.ts';

const defaultWords: Record<DefaultAction, string> = {
  ask: 'Ask a person',
  deny: 'Deny it',
  agent: "Leave it to the agent's own rules (dangerous)",
};

/** What the daemon does, for all sessions. */
export function DaemonSection() {
  const { data, error, refetch } = useQuery(daemonSettingsQuery);
  const change = useDaemonSettingsChange();
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows />;
  const { settings, origins } = data;
  return (
    <>
      <Section title="Policies">
        <Field
          label="A tool call that no rule speaks of"
          hint={origins.defaultPolicyAction.advice ?? 'Sessions may say otherwise.'}
        >
          {(props) => (
            <Select
              {...props}
              disabled={origins.defaultPolicyAction.isFixed}
              value={settings.defaultPolicyAction}
              onChange={({ target }) => change.mutate({ defaultPolicyAction: target.value as DefaultAction })}
            >
              {(Object.keys(defaultWords) as DefaultAction[]).map((action) => (
                <option key={action} value={action}>
                  {defaultWords[action]}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </Section>
      <Section title="Sessions">
        <Setting
          label="Keep sessions when the daemon stops"
          hint="They go on in tmux, and the next daemon finds them."
          origin={origins.preserveSessions}
          checked={settings.preserveSessions}
          onChange={(preserveSessions) => change.mutate({ preserveSessions })}
        />
        <Setting
          label="Forward the SSH agent"
          hint="Sessions can use the keys of your SSH agent. From their next start on."
          origin={origins.forwardSshAuthSock}
          checked={settings.forwardSshAuthSock}
          onChange={(forwardSshAuthSock) => change.mutate({ forwardSshAuthSock })}
        />
        <Setting
          label="Codex: access to the whole machine"
          hint="Codex starts without its sandbox, so that only your policies hold it back. Dangerous. From the next start on."
          origin={origins.codexHostAccessProfileEnabled}
          checked={settings.codexHostAccessProfileEnabled}
          onChange={(codexHostAccessProfileEnabled) => change.mutate({ codexHostAccessProfileEnabled })}
        />
      </Section>
      <Section title="Terminal">
        <Setting
          label="Record terminals"
          hint="What a terminal showed can be replayed. Secrets that are printed are in it, too."
          origin={origins['terminalFeatures.recordingsEnabled']}
          checked={settings.terminalFeatures.recordingsEnabled}
          onChange={(recordingsEnabled) => change.mutate({ terminalFeatures: { recordingsEnabled } })}
        />
      </Section>
      <Restart isKeeping={settings.preserveSessions} />
    </>
  );
}

interface SettingProps {
  label: string;
  hint: string;
  origin: DaemonSettingOrigin;
  checked: boolean;
  onChange(checked: boolean): void;
}

/** One that is said from outside cannot be changed here, and says where. */
function Setting({ hint, origin, ...props }: SettingProps) {
  return <Switch {...props} hint={origin.advice ?? hint} disabled={origin.isFixed} />;
}

function Restart({ isKeeping }: { isKeeping: boolean }) {
  const [isAsking, setAsking] = useState(false);
  const health = useQuery(healthQuery);
  const restart = useMutation({
    mutationFn: () => client.request('POST', '/settings/daemon/restart', { body: {} }),
    onSuccess: ({ message }) => toast(message),
    onError: (error) => toast.error(wordsOf(error)),
    onSettled: () => setAsking(false),
  });
  const live = health.data?.liveSessions ?? 0;
  return (
    <Section
      title="Restart"
      hint="The daemon takes its own place, with the settings it was started with."
      actions={<Button onClick={() => setAsking(true)}>Restart the daemon</Button>}
    >
      <p className="text-quiet text-sm">
        Settings that are not on this page are in <code className="font-mono">config.yaml</code>; they are
        read at the start. <code className="font-mono">codepiper config</code> shows them all.
      </p>
      <ConfirmDialog
        isOpen={isAsking}
        title="Restart the daemon?"
        description={
          isKeeping
            ? 'Sessions go on. This page comes back by itself in a few seconds.'
            : `${live} live ${live === 1 ? 'session' : 'sessions'} will be ended, for "keep sessions" is off. This page comes back by itself.`
        }
        action="Restart"
        isBusy={restart.isPending}
        onConfirm={() => restart.mutate()}
        onClose={() => setAsking(false)}
      />
    </Section>
  );
}
