import { existsSync } from 'node:fs';
import { homeFiles } from '@codepiper/core/paths.ts';
import type { Environment } from './environment.ts';

/**
 * The file of the database, or `:memory:`, as the daemon of this home would find it. Without a configuration file the
 * variables alone say so, which is quicker.
 *
 * @throws ConfigError when the configuration is wrong
 */
export async function homeDatabase(env: Environment): Promise<string> {
  if (!existsSync(`${env.home}/${homeFiles.config}`)) {
    return env.dbPath ?? `${env.home}/${homeFiles.database}`;
  }
  const { loadConfig } = await import('@codepiper/daemon/config/config.ts');
  return loadConfig({ flags: {}, env: env.forChild([]), uid: env.uid }).values.dbPath;
}
