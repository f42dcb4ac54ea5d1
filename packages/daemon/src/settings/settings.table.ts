/** A setting that was changed while the daemon ran. */
export interface DaemonSettingTable {
  /** As in `config.yaml`. */
  key: string;
  /** JSON. */
  value: string;
  updated_at: number;
}
