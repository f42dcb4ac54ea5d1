import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@codepiper/core/clock.ts';
import { CodepiperError } from '@codepiper/core/errors.ts';
import type { NotificationSettings } from '@codepiper/core/notifications/notification.ts';
import type { DefaultAction } from '@codepiper/core/policies/policy.ts';
import {
  type ChangeDaemonSettings,
  type DaemonSettingField,
  type DaemonSettingOrigin,
  type DaemonSettings,
  daemonSettingFields,
  daemonSettings,
} from '@codepiper/core/settings/daemon-settings.ts';
import type { DaemonSettingsReply } from '@codepiper/core/settings/settings.endpoints.ts';
import { type Setting, settings } from '@codepiper/core/settings/settings.ts';
import type { AuditTrail } from '../audit/audit.service.ts';
import type { Config, ConfigValues, EffectiveSetting } from '../config/config.ts';
import type { Tx } from '../db/database.ts';
import type { EmitEvent, Ledger } from '../events/ledger.ts';
import type { Log } from '../log/log.ts';
import { inForce, keyOf, type StoredSettings, understand } from './in-force.ts';
import type { SettingsStore } from './settings.store.ts';

type ValueOf<F extends DaemonSettingField> = ConfigValues[(typeof daemonSettings)[F]];

/** What changes: a value, or null to go back to what holds when nobody says. */
type Change = readonly [field: DaemonSettingField, value: unknown];

export interface DaemonSettingsOptions {
  config: Pick<Config, 'values' | 'effective'>;
  store: SettingsStore;
  ledger: Ledger;
  audit: Pick<AuditTrail, 'append'>;
  clock: Clock;
  log: Log;
}

/**
 * The settings that may be changed while the daemon runs. Each has one value: that of flag, variable or file, which is
 * fixed; else what was stored; else the default.
 */
export class DaemonSettingsService {
  readonly #o: DaemonSettingsOptions;
  #stored: StoredSettings = new Map();
  /** Changes run one after the other: each is compared with what the one before it left. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: DaemonSettingsOptions) {
    this.#o = options;
  }

  /** Reads what was stored. Until then nothing was. */
  async load(): Promise<void> {
    this.#stored = understand(await this.#o.store.readAll(), (key) =>
      this.#o.log.warn({ key }, 'a stored setting is not understood; its default holds'),
    );
  }

  /** What holds now. */
  value<F extends DaemonSettingField>(field: F): ValueOf<F> {
    // What is not fixed is the default in the configuration; what was stored was held against the same schema.
    const stored = this.#isFixed(field) ? undefined : this.#stored.get(field);
    return (stored ?? this.#o.config.values[daemonSettings[field]]) as ValueOf<F>;
  }

  /** What the notifications go by now. */
  notifications(): NotificationSettings {
    return {
      enabled: this.value('notificationsEnabled'),
      system: this.value('systemNotificationsEnabled'),
      sounds: this.value('notificationSoundsEnabled'),
      events: this.value('notificationEventDefaults'),
      soundMap: this.value('notificationSoundMap'),
    };
  }

  /** What happens to calls no rule speaks of, and whether a person or the configuration says so. */
  defaultAction(): { action: DefaultAction; from: 'daemon' | 'config' } {
    const isStored = this.#origin('defaultPolicyAction').origin === 'stored';
    return { action: this.value('defaultPolicyAction'), from: isStored ? 'daemon' : 'config' };
  }

  /** Every setting with its value in force; secrets are masked. */
  effective(): EffectiveSetting[] {
    return inForce(this.#o.config.effective, this.#stored);
  }

  present(): DaemonSettingsReply {
    const values: DaemonSettings = {
      preserveSessions: this.value('preserveSessions'),
      defaultPolicyAction: this.value('defaultPolicyAction'),
      forwardSshAuthSock: this.value('forwardSshAuthSock'),
      codexHostAccessProfileEnabled: this.value('codexHostAccessProfileEnabled'),
      notificationsEnabled: this.value('notificationsEnabled'),
      systemNotificationsEnabled: this.value('systemNotificationsEnabled'),
      notificationSoundsEnabled: this.value('notificationSoundsEnabled'),
      notificationEventDefaults: this.value('notificationEventDefaults'),
      notificationSoundMap: this.value('notificationSoundMap'),
      terminalFeatures: { recordingsEnabled: this.value('terminalFeatures.recordingsEnabled') },
    };
    const origins = Object.fromEntries(daemonSettingFields.map((field) => [field, this.#origin(field)]));
    return { settings: values, origins: origins as DaemonSettingsReply['origins'] };
  }

  /** Whether a change gives agents more than they have now, so that it must be known who asks. */
  isDangerous(change: ChangeDaemonSettings): boolean {
    return changesIn(change).some(
      ([field, value]) => isDangerous(field, value) && !isDeepStrictEqual(value, this.value(field)),
    );
  }

  /** Throws `setting_fixed` for what is said from outside; then nothing was changed. `who`: the person's surface. */
  change(change: ChangeDaemonSettings, who: string | null = null): Promise<DaemonSettingsReply> {
    const work = () => this.#change(changesIn(change), who);
    const done = this.#changing.then(work, work);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  async #change(changes: readonly Change[], who: string | null): Promise<DaemonSettingsReply> {
    const { ledger, store, clock } = this.#o;
    for (const [field, value] of changes) this.#requireFree(field, value);
    const news = changes.filter(([field, value]) =>
      value === null ? this.#stored.has(field) : !isDeepStrictEqual(value, this.#stored.get(field)),
    );
    if (news.length === 0) return this.present();
    const next = new Map(this.#stored);
    for (const [field, value] of news) {
      if (value === null) next.delete(field);
      else next.set(field, value);
    }
    await ledger.record(async (tx, emit) => {
      for (const [field, value] of news) {
        if (value === null) await store.in(tx).remove(keyOf(field));
        else await store.in(tx).set(keyOf(field), value, clock.now());
      }
      await this.#tell(tx, emit, news, who);
    });
    this.#stored = next;
    return this.present();
  }

  /** Tells of what is another value now, in the transaction that makes it so. */
  async #tell(tx: Tx, emit: EmitEvent, news: readonly Change[], who: string | null): Promise<void> {
    const told = news
      .map(([field, value]) => ({ field, from: this.value(field), to: value ?? defaultOf(field) }))
      .filter(({ from, to }) => !isDeepStrictEqual(from, to));
    if (told.length === 0) return;
    const changes = Object.fromEntries(told.map(({ field, from, to }) => [field, { from, to }]));
    emit({ sessionId: null, source: 'daemon', type: 'daemon.settings_changed', payload: { changes } });
    for (const { field, from, to } of told) {
      if (field === 'defaultPolicyAction') {
        emit({ sessionId: null, source: 'policy', type: 'policy.default', payload: { action: to } });
      }
      if (!isAudited(field)) continue;
      await this.#o.audit.append(tx, {
        decision: 'change',
        ...{ by: 'user', who },
        reason:
          field === 'defaultPolicyAction'
            ? `The default for calls no rule speaks of is now ${String(to)}.`
            : `The setting ${keyOf(field)} is now ${JSON.stringify(to)}.`,
        session: null,
        input: { setting: keyOf(field), from, to },
      });
    }
  }

  #requireFree(field: DaemonSettingField, value: unknown): void {
    const { isFixed, key, from, advice } = this.#origin(field);
    if (!isFixed || isDeepStrictEqual(value, this.value(field))) return;
    throw new CodepiperError(
      'setting_fixed',
      `${key} is ${JSON.stringify(this.value(field))} because ${from} says so, and is not changed here. ${advice}`,
      { field, key },
    );
  }

  #isFixed(field: DaemonSettingField): boolean {
    return this.#given(field).origin !== 'default';
  }

  #given(field: DaemonSettingField): EffectiveSetting {
    const key = keyOf(field);
    const found = this.#o.config.effective.find((setting) => setting.key === key);
    if (!found) throw new Error(`the configuration does not know ${key}`);
    return found;
  }

  #origin(field: DaemonSettingField): DaemonSettingOrigin {
    const given = this.#given(field);
    const { key, origin, from, line } = given;
    const isFixed = origin !== 'default';
    const now = isFixed || !this.#stored.has(field) ? origin : 'stored';
    return { key, origin: now, from, line, isFixed, advice: isFixed ? adviceFor(given) : null };
  }
}

function defaultOf(field: DaemonSettingField): unknown {
  const setting: Setting = settings[daemonSettings[field]];
  return setting.default;
}

function changesIn({ terminalFeatures = {}, ...change }: ChangeDaemonSettings): Change[] {
  const { recordingsEnabled } = terminalFeatures;
  const all = { ...change, 'terminalFeatures.recordingsEnabled': recordingsEnabled };
  return daemonSettingFields.flatMap((field) => (all[field] === undefined ? [] : [[field, all[field]]]));
}

function isDangerous(field: DaemonSettingField, value: unknown): boolean {
  return (
    (field === 'defaultPolicyAction' && value === 'agent') ||
    (field === 'codexHostAccessProfileEnabled' && value === true)
  );
}

/** Changes of what agents may do, or of what becomes of them, go into the audit trail. */
const audited: readonly DaemonSettingField[] = [
  'preserveSessions',
  'defaultPolicyAction',
  'forwardSshAuthSock',
  'codexHostAccessProfileEnabled',
  'terminalFeatures.recordingsEnabled',
];
function isAudited(field: DaemonSettingField): boolean {
  return audited.includes(field);
}

function adviceFor({ origin, key, from, line }: EffectiveSetting): string {
  if (origin === 'flag') return `Restart the daemon without ${from}.`;
  if (origin === 'env') return `Unset ${from} where the daemon is started, and restart it there.`;
  return `Change or remove ${key} in line ${line} of ${from}, and restart the daemon.`;
}
