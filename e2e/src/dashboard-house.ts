export * from '@codepiper/testkit/dashboard-house.ts';
