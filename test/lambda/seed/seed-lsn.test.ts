import { Blocked } from '../../../lambda/errors';
import { decideSeed } from '../../../lambda/seed/seed-lsn';

describe('the seed', () => {
  it('is what rds_tools says, else where the first recovery ended', () => {
    expect(decideSeed('0/A', null)).toEqual({ seedLsn: '0/A', seedOrigin: 'rds_tools' });
    expect(decideSeed('0/A', '0/a')).toEqual({ seedLsn: '0/A', seedOrigin: 'rds_tools' });
    expect(decideSeed(null, '1/0')).toEqual({ seedLsn: '1/0', seedOrigin: 'replay' });
  });

  it('fails when the two differ or neither is there', () => {
    expect(() => decideSeed('0/A', '0/B')).toThrow(Blocked);
    expect(() => decideSeed(null, null)).toThrow(Blocked);
  });
});
