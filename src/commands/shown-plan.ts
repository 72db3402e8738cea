import { planDocument } from '../plan/document.ts';
import type { Plan } from '../plan/plan.ts';
import { planText } from '../views/plan-text.ts';
import type { Io } from './io.ts';

export interface Shown {
  readonly format: 'text' | 'json' | 'markdown';
  /** The layout before and after too, in text. */
  readonly diff?: boolean;
  /** With the commands. */
  readonly verbose?: boolean;
}

/** A plan for people, for programs, or for a pull request; without the last newline. */
export async function shownPlan(
  plan: Plan,
  { format, diff, verbose = false }: Shown,
  io: Io,
): Promise<string> {
  switch (format) {
    case 'json':
      return JSON.stringify(planDocument(plan), null, 2);
    case 'markdown': {
      const { planMarkdown } = await import('../views/plan-markdown.ts');
      return planMarkdown(plan);
    }
    case 'text': {
      const text = planText(plan, { style: io.outStyle, verbose });
      if (!diff) return text;
      const { planDiff } = await import('../views/plan-diff.ts');
      return [planDiff(plan, io.outStyle), text].filter((part) => part !== '').join('\n\n');
    }
  }
}
