import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { defaultHome, defaultSocket, homeFiles } from '@codepiper/core/paths.ts';
import type { SettingOrigin } from '@codepiper/core/settings/daemon-settings.ts';
import {
  type Setting,
  type SettingName,
  type SettingValues,
  settings,
} from '@codepiper/core/settings/settings.ts';
import { z } from 'zod';
import { readTextFile } from '../platform/files.ts';
import { nearest } from '../platform/nearest.ts';
import { type FileEntry, parseConfigFile } from './config-file.ts';
import { webProblems } from './web.ts';

/** Settings that stay null when nobody gives them. */
type OptionalSetting =
  | 'insecureDev'
  | 'policyFile'
  | 'tlsCert'
  | 'tlsKey'
  | 'transcriptsKeepDays'
  | 'voiceCommand'
  | 'voiceCommandJson'
  | 'pushPublicKey'
  | 'pushPrivateKey'
  | 'pushSubject';

/** Every setting with its value in force. */
export type ConfigValues = {
  [Name in SettingName]: Name extends OptionalSetting
    ? SettingValues[Name]
    : NonNullable<SettingValues[Name]>;
};

/** One line of `codepiper config`; secrets are masked. */
export interface EffectiveSetting {
  key: string;
  value: unknown;
  /** Never `stored` in a `Config`: the database is not open yet. */
  origin: SettingOrigin;
  /** The flag, variable or file that set it. */
  from: string | null;
  /** Line of the file, counted from 1. */
  line: number | null;
}

export interface Config {
  /** State directory, absolute. */
  readonly home: string;
  /** Path of `config.yaml`, whether it exists or not. */
  readonly configFile: string;
  readonly values: ConfigValues;
  readonly effective: readonly EffectiveSetting[];
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface ConfigSources {
  /** By long flag without dashes; flags that are no settings are left alone. */
  flags: Readonly<Record<string, string | undefined>>;
  env: Readonly<Record<string, string | undefined>>;
  uid: number;
  /** State directory; `CODEPIPER_HOME` when absent. */
  home?: string | undefined;
}

interface Given {
  origin: SettingOrigin;
  from: string;
  line: number | null;
  /** How errors name it. */
  label: string;
  value: unknown;
}

const masked = '********';

/**
 * The configuration at the start: flag over environment over `config.yaml` over default. What was stored comes to it
 * when the database is open (`DaemonSettings`).
 * @throws ConfigError listing every problem of every source
 */
export function loadConfig(sources: ConfigSources): Config {
  const { env, uid } = sources;
  const problems: string[] = [];
  const people = { HOME: env.HOME || undefined, XDG_RUNTIME_DIR: absolute(env.XDG_RUNTIME_DIR) };
  const standardHome = resolve(defaultHome(people));
  const home = readHome(sources, standardHome, problems);
  const configFile = join(home, homeFiles.config);
  const file = readFile(configFile, problems);

  const values: Record<string, unknown> = {};
  const effective: EffectiveSetting[] = [];
  const computed: Partial<Record<SettingName, unknown>> = {
    socket: defaultSocket(people, uid),
    dbPath: join(home, homeFiles.database),
    tmuxSocket: tmuxSocketOf(home, standardHome),
  };
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting][]) {
    const given = find(setting, sources, file, configFile);
    let value: unknown = setting.default ?? computed[name] ?? null;
    if (given) {
      const parsed = parse(setting, given.value);
      if (!parsed) problems.push(complain(setting, given));
      else value = parsed.value;
    }
    values[name] = value;
    effective.push({
      key: setting.key,
      value: setting.secret && value !== null ? masked : value,
      origin: given?.origin ?? 'default',
      from: given?.from ?? null,
      line: given?.line ?? null,
    });
  }
  // What is wrong by itself would be told twice.
  if (problems.length === 0) problems.push(...webProblems(values as ConfigValues));
  if (problems.length > 0) throw new ConfigError(problems);
  return { home, configFile, values: values as ConfigValues, effective };
}

function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') ? path : undefined;
}

function readHome(sources: ConfigSources, standardHome: string, problems: string[]): string {
  const given = sources.home || sources.env.CODEPIPER_HOME || standardHome;
  if (given.startsWith('/') && !given.includes('\0')) return resolve(given);
  problems.push(
    `${sources.home ? '--home' : 'CODEPIPER_HOME'} is ${show(given)}: allowed is an absolute path`,
  );
  return standardHome;
}

/** One tmux server per home, so that two daemons never share one. */
function tmuxSocketOf(home: string, standardHome: string): string {
  if (home === standardHome) return 'codepiper';
  return `codepiper-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`;
}

function readFile(configFile: string, problems: string[]): ReadonlyMap<string, FileEntry> {
  const entries = new Map<string, FileEntry>();
  const keys = Object.values(settings).map((setting) => setting.key);
  let text: string | null = null;
  try {
    text = readTextFile(configFile);
  } catch (error) {
    problems.push(`${configFile} cannot be read: ${(error as Error).message}`);
  }
  if (text === null) return entries;
  const parsed = parseConfigFile(text, configFile, new Set<string>(keys));
  problems.push(...parsed.problems);
  for (const entry of parsed.entries) {
    const place = `${configFile}:${entry.line}`;
    if (!keys.some((key) => key === entry.key)) {
      const near = nearest(entry.key, keys) ?? nearest(entry.key.split('.').at(-1) ?? '', keys);
      const advice = near ? `did you mean "${near}"?` : '`codepiper config` lists the settings';
      problems.push(`${place}: unknown setting "${entry.key}"; ${advice}`);
    } else if (entries.has(entry.key)) {
      problems.push(
        `${place}: "${entry.key}" is given twice (first on line ${entries.get(entry.key)?.line})`,
      );
    } else if (entry.value !== null) {
      entries.set(entry.key, entry);
    }
  }
  return entries;
}

function find(
  setting: Setting,
  sources: ConfigSources,
  file: ReadonlyMap<string, FileEntry>,
  configFile: string,
): Given | undefined {
  const flag = setting.flag === undefined ? undefined : sources.flags[setting.flag];
  if (flag !== undefined) {
    const from = `--${setting.flag}`;
    return { origin: 'flag', from, line: null, label: from, value: flag };
  }
  const variable = sources.env[setting.env];
  if (variable) {
    return { origin: 'env', from: setting.env, line: null, label: setting.env, value: variable };
  }
  const entry = file.get(setting.key);
  if (!entry) return undefined;
  const label = `${configFile}:${entry.line}: ${setting.key}`;
  return { origin: 'file', from: configFile, line: entry.line, label, value: entry.value };
}

function parse(setting: Setting, value: unknown): { value: unknown } | null {
  // Coercion would take true, [] and '0x10' for numbers.
  if (setting.schema instanceof z.ZodNumber && !isWritten(value)) return null;
  const result = setting.schema.safeParse(value);
  return result.success ? { value: result.data } : null;
}

function isWritten(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value));
}

function complain(setting: Setting, given: Given): string {
  const what = setting.secret ? 'has a value that is not valid' : `is ${show(given.value)}`;
  return `${given.label} ${what}: allowed is ${setting.allowed}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
