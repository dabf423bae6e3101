/** How far long work is, from the answers of the steps that do it. */

import type { StepName } from '../../../lambda/contract';
import type { Output } from '../../../lambda/contract/payloads';
import type { SnapshotFacts } from '../../../lambda/contract/replication';
import type { Tell } from './events';
import type { StepCall } from './step-calls';

/** Tells an amount for every answer that has one. */
export class StepProgress {
  private ranges = 0;
  private scanned = 0;

  constructor(private readonly tell: Tell) {}

  /** Takes an ended call in. */
  note({ step, output, failure }: StepCall): void {
    if (failure !== null) return;
    const name = step as StepName;
    if (name === 'snapshot') this.tellShare('the snapshot', output as SnapshotFacts);
    if (name === 'encrypt') this.tellShare('the encrypted copy', output as SnapshotFacts);
    if (name === 'plan-scan') {
      this.scanned = (output as Output<'plan-scan'>).items;
      this.tellScan(this.scanned);
    }
    if (name === 'scan-ranges') this.tellScan((output as Output<'scan-ranges'>).left);
    if (name === 'plan-verification') {
      this.ranges = (output as Output<'plan-verification'>).items;
      this.tellRanges(this.ranges);
    }
    // What goes on inside these steps is told by whoever looks at the queues, and is over when they answer.
    if (name === 'make-schema') this.tellMade(output as Output<'make-schema'>);
    if (name === 'conclude-rows') this.tellCopied(output as Output<'conclude-rows'>);
    if (name === 'verify-chunks') this.tellRanges((output as Output<'verify-chunks'>).left);
  }

  private tellMade({ left }: Output<'make-schema'>): void {
    if (left > 0) return;
    this.tell({ kind: 'progress', phase: 'Replicate', doing: 'making the schema', done: 100, total: 100, unit: '%' });
  }

  private tellCopied({ rows }: Output<'conclude-rows'>): void {
    this.tell({ kind: 'progress', phase: 'Replicate', doing: 'copying', done: rows, total: rows, unit: 'rows' });
  }

  private tellScan(left: number): void {
    const [done, total] = [this.scanned - left, this.scanned];
    this.tell({ kind: 'progress', phase: 'Scan', doing: 'reading', done, total, unit: 'ranges' });
  }

  private tellShare(doing: string, { progressPercent: done }: SnapshotFacts): void {
    this.tell({ kind: 'progress', phase: 'Replicate', doing, done, total: 100, unit: '%' });
  }

  private tellRanges(left: number): void {
    const [done, total] = [this.ranges - left, this.ranges];
    this.tell({ kind: 'progress', phase: 'Replicate', doing: 'comparing', done, total, unit: 'ranges' });
  }
}
