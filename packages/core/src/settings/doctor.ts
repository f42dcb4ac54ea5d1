import { z } from 'zod';

const statusSchema = z.enum(['ok', 'warn', 'fail']);

/** What `codepiper doctor --json` prints. */
export const doctorReportSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      status: statusSchema,
      message: z.string(),
      /** How to mend it; null when there is nothing to mend. */
      hint: z.string().nullable(),
    }),
  ),
});
/** One line of `codepiper doctor`. */
export type Check = z.infer<typeof doctorReportSchema>['checks'][number];

export const doctorCheckSchema = z.object({
  /** The name in one word: `socket-directory`. */
  id: z.string(),
  title: z.string(),
  status: statusSchema,
  detail: z.string(),
  /** How to mend it; null when there is nothing to mend. */
  fix: z.string().nullable(),
});
export type DoctorCheck = z.infer<typeof doctorCheckSchema>;
