/** The section `rollback`: the way back after a cutover. */
import { hostOrAddress, section, whole, yesOrNo } from './fields';

/** Off by default: a way back keeps a slot on the target that somebody must retire, and needs a road from the source. */
export const rollback = section({
  windowHours: whole(0, 720, 'hours')
    .default(0)
    .describe(
      '0 to 720. Hours after a cutover in which `Rollback` can return to the source with every write accepted since. The target keeps WAL for the source until `Retire` closes the way back. `0`: no way back is prepared',
    ),
  retireAutomatically: yesOrNo()
    .default(false)
    .describe(
      'Whether `Retire` starts by itself when the window is over. Without it a human is told to start it, every day until the way back is closed',
    ),
  host: hostOrAddress()
    .optional()
    .describe(
      "Name or IPv4 address under which the source's server reaches the target. Without it, the target's endpoint",
    ),
  port: whole(1, 65535, 'port')
    .optional()
    .describe("Port under which the source's server reaches the target. Without it, the target's"),
});
