export const approvalViews = ['waiting', 'approved', 'denied', 'expired', 'withdrawn', 'settled'] as const;
export type ApprovalView = (typeof approvalViews)[number];

/** What the address says of the list: what waits, or what was answered; all, or only of one session. */
export interface ApprovalSearch {
  view?: ApprovalView;
  /** Id. */
  session?: string;
}

export function readApprovalSearch({ view, session }: Record<string, unknown>): ApprovalSearch {
  return {
    ...(approvalViews.includes(view as ApprovalView) ? { view: view as ApprovalView } : {}),
    ...(typeof session === 'string' ? { session } : {}),
  };
}
