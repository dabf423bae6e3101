import { leftInAws } from '../../../lambda/seed/left-in-aws';
import { worldOf } from '../copy/schema/pair';

it('names the target before the snapshots that it came from, and says for each what the next run needs', () => {
  const left = leftInAws(worldOf());
  expect(left.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'instance target',
    'stack target',
    'snapshot sealift-pair-seed',
    'snapshot sealift-pair-seed-encrypted',
    'snapshot sealift-pair-baseline',
    'snapshot sealift-pair-baseline-encrypted',
  ]);
  for (const { remedy } of left) expect(remedy).toMatch(/next run/);
});

it('asks nobody to delete a target that the next run empties by itself', () => {
  const world = worldOf();
  const left = leftInAws({
    ...world,
    migrationId: world.migrationId,
    environment: { ...world.environment, policy: { ...world.environment.policy, road: 'copy' } },
  });
  expect(left.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'instance target',
    'snapshot sealift-pair-baseline',
    'snapshot sealift-pair-baseline-encrypted',
  ]);
  expect(left[0]?.remedy).not.toMatch(/delete/);
});
