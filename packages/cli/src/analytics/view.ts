import type { Client } from '@codepiper/client/client.ts';
import type { toolOrders } from '@codepiper/core/analytics/analytics.endpoints.ts';
import type { Overview } from '@codepiper/core/analytics/analytics.ts';
import type { Range } from '@codepiper/core/analytics/periods.ts';
import type { Cost } from '@codepiper/core/analytics/pricing.ts';
import type { Sheet } from './sheet.ts';

export type Period = Overview['period'];

/** What is asked for; a view takes a part of it. */
export interface Query {
  range: Range | undefined;
  since: string | undefined;
  until: string | undefined;
  timezone: string;
  session: string | undefined;
  workspace: string | undefined;
  model: string | undefined;
  provider: string | undefined;
  order: (typeof toolOrders)[number] | undefined;
  limit: number | undefined;
}

/** One view of the numbers: where they come from, and how they look. */
export interface View {
  /** Options that narrow it, beside period and session. */
  takes: readonly string[];
  load(client: Client, query: Query): Promise<Loaded>;
  /** What people see in place of the sheets, where that is something else. */
  look?(client: Client, query: Query, loaded: Loaded): Promise<readonly Sheet[]>;
}

export interface Loaded {
  /** As the daemon sent it. */
  reply: { period: Period };
  sheets: readonly Sheet[];
  /** The cost its sums have, where there is one. */
  cost: Cost | null;
}
