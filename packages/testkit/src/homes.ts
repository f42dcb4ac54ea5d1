import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installAgents } from './agents.ts';
import { isAlive, makeTempDir } from './temp.ts';

export interface AgentHomeOptions {
  /** `url` of a server of the Anthropic API; without it claude reaches nothing. */
  anthropicUrl?: string;
  /** `url` of a server of the OpenAI API; without it codex reaches nothing. */
  openAiUrl?: string;
  /** Codex's default model. The default is of its catalogue, so that it behaves as for everyone. */
  codexModel?: string;
}

export interface ProjectOptions {
  /** Whether both agents' own configuration trusts the directory. Default true. */
  isTrusted?: boolean;
  /** Files to begin with, by path below the project. */
  files?: Record<string, string>;
}

/** What claude itself notes of a live session in its registry. */
export interface ClaudeStatus {
  pid: number;
  sessionId: string;
  /** `idle`, `busy`, `shell` or `waiting`. */
  status: string;
  waitingFor?: string;
}

/** A home directory in which the real agents start without a question. Disposing of it deletes it. */
export interface AgentHome extends AsyncDisposable {
  readonly path: string;
  /** `CLAUDE_CONFIG_DIR`. */
  readonly claudeDir: string;
  /** `CODEX_HOME`. */
  readonly codexDir: string;
  /** Directory on PATH that holds `claude` and `codex`. */
  readonly binDir: string;
  /**
   * A whole environment for programs in this home; of this process's own it has only the place of node. Only HOME,
   * PATH, CLAUDE_CONFIG_DIR and CODEX_HOME have to reach an agent: the rest of its set-up lies in its files.
   */
  readonly env: Record<string, string>;
  /** Makes a directory to work in, below this home, and returns its path. */
  project(name: string, options?: ProjectOptions): Promise<string>;
  /** Adds a directory to those that both agents trust; call it while neither runs. */
  trust(dir: string): Promise<void>;
  /**
   * Claude's registry of live sessions, read anew. It lags behind by moments: right after a prompt a session may still
   * be called idle. What a killed claude left behind is left out once its process is reaped: look for your pid.
   */
  claudeStatuses(): Promise<ClaudeStatus[]>;
}

/** What claude sends as `authorization: Bearer …` when no key is in its environment: its stored login. */
export const CLAUDE_LOGIN_TOKEN = 'codepiper-test-login';

/** An `ANTHROPIC_API_KEY` that claude takes without asking; it is sent as `x-api-key`. */
export const CLAUDE_API_KEY = 'codepiper-test-key-1';

/** Nothing listens on port 9 of an ordinary machine: a connection is refused at once. */
const NOWHERE = 'http://127.0.0.1:9';

/** Makes a home with both agents installed, logged in, set up, and pointed at loopback model servers. */
export async function createAgentHome(options: AgentHomeOptions = {}): Promise<AgentHome> {
  const { anthropicUrl = NOWHERE, openAiUrl = NOWHERE, codexModel = 'gpt-5.5' } = options;
  const temp = await makeTempDir();
  const inHome = (...parts: string[]): string => join(temp.path, ...parts);
  const [claudeDir, codexDir, binDir] = [inHome('.claude'), inHome('.codex'), inHome('bin')];
  const claudeState = join(claudeDir, '.claude.json');
  const codexConfig = join(codexDir, 'config.toml');
  // The agents dial out on their own for catalogues and tips: whatever is not loopback ends at a model server.
  const proxy = {
    HTTPS_PROXY: anthropicUrl === NOWHERE ? openAiUrl : anthropicUrl,
    NO_PROXY: '127.0.0.1,localhost',
  };

  await mkdir(claudeDir);
  await mkdir(codexDir);
  await installAgents(binDir);
  await writeJson(claudeState, {
    hasCompletedOnboarding: true,
    hasSeenAutoDefaultNotice: true,
    customApiKeyResponses: { approved: [CLAUDE_API_KEY], rejected: [] },
  });
  await writeJson(join(claudeDir, 'settings.json'), {
    env: { ...CLAUDE_QUIET, ...proxy, ANTHROPIC_BASE_URL: anthropicUrl },
  });
  await writeJson(join(claudeDir, '.credentials.json'), claudeLogin());
  await writeFile(codexConfig, codexSettings(codexModel, openAiUrl));

  async function trust(dir: string): Promise<void> {
    const state = JSON.parse(await readFile(claudeState, 'utf8')) as { projects?: Record<string, object> };
    const entry = { ...state.projects?.[dir], hasTrustDialogAccepted: true };
    await writeJson(claudeState, { ...state, projects: { ...state.projects, [dir]: entry } });
    await appendFile(codexConfig, `\n[projects.${quote(dir)}]\ntrust_level = "trusted"\n`);
  }

  return {
    path: temp.path,
    claudeDir,
    codexDir,
    binDir,
    env: {
      HOME: temp.path,
      PATH: [binDir, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
      SHELL: '/bin/bash',
      LANG: 'C.UTF-8',
      CLAUDE_CONFIG_DIR: claudeDir,
      CODEX_HOME: codexDir,
      ...proxy,
    },
    async project(name, { isTrusted = true, files = {} } = {}) {
      const dir = inHome('work', name);
      await mkdir(dir, { recursive: true });
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(dir, file)), { recursive: true });
        await writeFile(join(dir, file), text);
      }
      if (isTrusted) await trust(dir);
      return dir;
    },
    trust,
    claudeStatuses: () => readStatuses(join(claudeDir, 'sessions')),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

const CLAUDE_QUIET = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
  DISABLE_AUTOUPDATER: '1',
  // A scripted failure is to end the turn, not to be asked for again.
  CLAUDE_CODE_MAX_RETRIES: '0',
};

function claudeLogin(): unknown {
  return {
    claudeAiOauth: {
      accessToken: CLAUDE_LOGIN_TOKEN,
      refreshToken: CLAUDE_LOGIN_TOKEN,
      expiresAt: Date.UTC(2100, 0, 1),
      scopes: ['user:inference', 'user:profile'],
      subscriptionType: 'max',
    },
  };
}

function codexSettings(model: string, openAiUrl: string): string {
  const lines = [
    `model = ${quote(model)}`,
    'model_provider = "loopback"',
    'check_for_update_on_startup = false',
    'suppress_unstable_features_warning = true',
    '[analytics]',
    'enabled = false',
    '[features]',
    'plugins = false',
    'apps = false',
    'default_mode_request_user_input = true',
    // Codex offers the newer model at the start unless that offer is noted as seen.
    '[notice.model_migrations]',
    '"gpt-5.5" = "gpt-6-sol"',
    '[model_providers.loopback]',
    'name = "Loopback"',
    `base_url = ${quote(`${openAiUrl}/v1`)}`,
    'wire_api = "responses"',
    // As for claude: a scripted failure ends the turn.
    'request_max_retries = 0',
    'stream_max_retries = 0',
  ];
  return `${lines.join('\n')}\n`;
}

/** A TOML basic string takes the escapes of a JSON string. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function writeJson(file: string, value: unknown): Promise<void> {
  return writeFile(file, JSON.stringify(value, null, 2), { mode: 0o600 });
}

async function readStatuses(dir: string): Promise<ClaudeStatus[]> {
  const names = await readdir(dir).catch(() => []);
  const live = names.filter((name) => name.endsWith('.json') && isAlive(Number.parseInt(name, 10)));
  return (await Promise.all(live.map((name) => readStatus(join(dir, name))))).flat();
}

/** Claude rewrites these files in place: half a file is read again, one that has just gone is no entry. */
async function readStatus(file: string): Promise<ClaudeStatus[]> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) return [];
    try {
      return [JSON.parse(text) as ClaudeStatus];
    } catch {
      await sleep(2);
    }
  }
}
