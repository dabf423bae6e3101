import { describeThrough } from './through';

describeThrough(17, 100);
