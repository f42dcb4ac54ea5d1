import { Page } from '../../kit/page.tsx';

export function AnalyticsPage() {
  return <Page title="Analytics">{null}</Page>;
}
