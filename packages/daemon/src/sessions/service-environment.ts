import { providerIds } from '@codepiper/core/providers/provider.ts';
import { type Setting, settings } from '@codepiper/core/settings/settings.ts';
import { getProvider } from '@codepiper/providers/registry.ts';
import { paneEnvironment } from './pane-environment.ts';

export interface ServiceEnvironment {
  /** What a daemon without a login shell has to be given, so that it does what one started by hand does. */
  kept: Record<string, string>;
  /** Names of variables that the daemon would have used and that no file may hold. */
  secrets: string[];
}

/**
 * What the daemon and its sessions take from an environment: settings, the place of tmux's socket, and whatever panes
 * inherit. Secrets are named instead, and what belongs to one login (its SSH agent, its seat) is left out.
 */
export function serviceEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
): ServiceEnvironment {
  const used: Record<string, string | undefined> = {};
  for (const id of providerIds) {
    // As for `api`: which service an agent pays at is no secret, and the keys are sorted out below.
    const request = { provider: getProvider(id), billing: 'api', forwardSshAgent: false } as const;
    Object.assign(used, paneEnvironment({ ...request, inherited, given: {} }));
  }
  for (const name of ['CODEPIPER_HOME', 'TMUX_TMPDIR', ...ownSettings.keys()]) used[name] = inherited[name];

  const kept: Record<string, string> = {};
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(used)) {
    if (!value || isOfOneLogin(name)) continue;
    if (isSecret(name, value)) secrets.push(name);
    else kept[name] = value;
  }
  return { kept, secrets };
}

const ownSettings = new Map(Object.values<Setting>(settings).map((setting) => [setting.env, setting]));

const secretName = /(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?|HEADERS)(_|$)/;
/** Named like a secret, and is the path of a file. */
const pathName = 'CLAUDE_CODE_CLIENT_KEY';
const addressWithPassword = /:\/\/[^/\s@]*:[^/\s@]+@/;

function isSecret(name: string, value: string): boolean {
  const setting = ownSettings.get(name);
  if (setting) return setting.secret === true;
  return (secretName.test(name) && name !== pathName) || addressWithPassword.test(value);
}

/** Directories stay when a person logs out; session numbers and seats do not. */
function isOfOneLogin(name: string): boolean {
  return name.startsWith('XDG_') && !/_(HOME|DIRS?)$/.test(name);
}
