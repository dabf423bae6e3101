/** The product's own steps, as the machines call them, on the arena's servers. */
import { cutoverOn } from '../../../lambda/cutover/cutover';
import { giveBackOn } from '../../../lambda/cutover/give-back';
import { settleOn } from '../../../lambda/cutover/settle';
import { followSource, moveEverywhere } from '../../../lambda/platform/ledger-follow';
import { takeOverOn } from '../../../lambda/reap/take-over';
import { retireOn } from '../../../lambda/rollback/retire';
import { turnRoundOn } from '../../../lambda/rollback/turn-round';
import { claimOn } from '../../../lambda/seed/claim';
import { releaseOn } from '../../../lambda/seed/release';
import { NAMES, type Sides } from './arena';

/** Takes or frees the claim. */
export function claim(takeOver: string | null, mode: 'hold' | 'release' = 'hold') {
  return ({ source, world }: Sides) =>
    claimOn(source, { execution: world.call.execution, databases: [...NAMES], takeOver, mode }, world);
}

/** Finds both sides equal, without looking: what is compared is shown elsewhere. */
export async function verify({ source, target, world }: Sides): Promise<void> {
  const expected = world.expect('replicating', 'verified');
  await followSource(await source.home(), await target.home(), expected);
  await moveEverywhere(source, NAMES, expected, 'verified');
  await moveEverywhere(target, NAMES, expected, 'verified');
}

/** Fence, flip, switch. */
export function cutover({ source, target, world, instances }: Sides) {
  return cutoverOn(source, target, { epoch: world.epoch, databases: [...NAMES], ...instances }, world);
}

/** Lifts the fence or goes forward; `named` false asks the ledger which cutover it was, as the reaper does. */
export function giveBack(named: boolean) {
  return ({ source, target, world, instances }: Sides) =>
    giveBackOn(source, target, { epoch: named ? world.epoch : null, databases: [...NAMES], ...instances }, world);
}

/** Clears up behind the flip. */
export function settle({ source, target, world }: Sides) {
  return settleOn(source, target, NAMES, world);
}

/** Turns the sides round, or back. */
export function turnRound(mode: 'begin' | 'undo', takeOver: string | null) {
  return ({ source, target, world }: Sides) =>
    turnRoundOn(source, target, { execution: world.call.execution, takeOver, mode }, world);
}

/** Closes the way back. */
export function retire({ source, target, world }: Sides) {
  return retireOn(source, target, true, world);
}

/** Takes the migration off the source. */
export function release({ source, target, world }: Sides) {
  const { execution } = world.call;
  return releaseOn(source, target, { execution, epoch: world.epoch, databases: [...NAMES] }, world);
}

/** Takes over what a dead execution holds. */
export function takeOver(ended: string) {
  return ({ source, target, world }: Sides) => takeOverOn(source, target, ended, world);
}
