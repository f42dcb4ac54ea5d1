/** One policy as stored. Times are milliseconds since the epoch. */
export interface PolicyTable {
  id: string;
  name: string;
  description: string | null;
  enabled: number;
  priority: number;
  scope: string;
  session_id: string | null;
  /** JSON of `Rule[]`. */
  rules: string;
  source: string;
  created_at: number;
  updated_at: number;
  expires_at: number | null;
}

export interface PolicySetTable {
  id: string;
  name: string;
  description: string | null;
  is_default: number;
  created_at: number;
}

export interface PolicySetMemberTable {
  set_id: string;
  /** May name a policy that ships with codepiper. */
  policy_id: string;
  position: number;
}
