import { Page } from '../../kit/page.tsx';

export function ApprovalsPage() {
  return <Page title="Approvals">{null}</Page>;
}
