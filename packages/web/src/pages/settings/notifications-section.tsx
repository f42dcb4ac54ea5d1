import {
  defaultSounds,
  type NotificationEvent,
  type NotificationSound,
  notificationEvents,
} from '@codepiper/core/notifications/names.ts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { buttonClass } from '../../kit/button.tsx';
import { Select } from '../../kit/field.tsx';
import { Section } from '../../kit/page.tsx';
import { ErrorState, SkeletonRows } from '../../kit/states.tsx';
import { Switch } from '../../kit/switch.tsx';
import { PushSection } from '../../notify/push-section.tsx';
import { playSound } from '../../notify/sounds.ts';
import { daemonSettingsQuery, useDaemonSettingsChange } from './settings-queries.ts';

const eventWords: Record<NotificationEvent, string> = {
  'session.permission_required': 'Needs permission',
  'session.input_required': 'Needs input',
  'session.turn_completed': 'Turn completed',
  'session.crashed': 'Crashed',
};
const soundWords: Record<NotificationSound, string> = {
  none: 'No sound',
  chime: 'Chime',
  knock: 'Knock',
  ping: 'Ping',
  alarm: 'Alarm',
};

/** What a person is told of, and how. */
export function NotificationsSection() {
  const { data, error, refetch } = useQuery(daemonSettingsQuery);
  const change = useDaemonSettingsChange();
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows />;
  const { settings, origins } = data;
  return (
    <>
      <Section
        title="On all devices"
        actions={
          <Link to="/notifications" className={buttonClass('plain', 'small')}>
            What you were told
          </Link>
        }
      >
        <Switch
          label="Notifications"
          hint={origins.notificationsEnabled.advice ?? 'Of sessions that need you, are done, or crashed.'}
          disabled={origins.notificationsEnabled.isFixed}
          checked={settings.notificationsEnabled}
          onChange={(notificationsEnabled) => change.mutate({ notificationsEnabled })}
        />
        <Switch
          label="By the system"
          hint={
            origins.systemNotificationsEnabled.advice ??
            'On the desktop and the lock screen; also when the dashboard is closed.'
          }
          disabled={origins.systemNotificationsEnabled.isFixed || !settings.notificationsEnabled}
          checked={settings.systemNotificationsEnabled}
          onChange={(systemNotificationsEnabled) => change.mutate({ systemNotificationsEnabled })}
        />
        <Switch
          label="Sounds"
          hint={origins.notificationSoundsEnabled.advice ?? 'While the dashboard is open.'}
          disabled={origins.notificationSoundsEnabled.isFixed || !settings.notificationsEnabled}
          checked={settings.notificationSoundsEnabled}
          onChange={(notificationSoundsEnabled) => change.mutate({ notificationSoundsEnabled })}
        />
      </Section>
      <PushSection />
      <Section title="Events" hint="A session can have its own say on its page.">
        {notificationEvents.map((event) => (
          <div
            key={event}
            className="flex flex-wrap items-center gap-x-6 border-line border-b py-2 last:border-0"
          >
            <div className="min-w-52 flex-1">
              <Switch
                label={eventWords[event]}
                disabled={origins.notificationEventDefaults.isFixed || !settings.notificationsEnabled}
                checked={settings.notificationEventDefaults[event] ?? true}
                onChange={(isOn) =>
                  change.mutate({
                    notificationEventDefaults: { ...settings.notificationEventDefaults, [event]: isOn },
                  })
                }
              />
            </div>
            <Select
              aria-label={`Sound of "${eventWords[event]}"`}
              className="w-40"
              disabled={origins.notificationSoundMap.isFixed || !settings.notificationSoundsEnabled}
              value={settings.notificationSoundMap[event] ?? defaultSounds[event]}
              onChange={({ target }) => {
                const sound = target.value as NotificationSound;
                void playSound(sound);
                change.mutate({
                  notificationSoundMap: { ...settings.notificationSoundMap, [event]: sound },
                });
              }}
            >
              {(Object.keys(soundWords) as NotificationSound[]).map((sound) => (
                <option key={sound} value={sound}>
                  {soundWords[sound]}
                </option>
              ))}
            </Select>
          </div>
        ))}
      </Section>
    </>
  );
}
