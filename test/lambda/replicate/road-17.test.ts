import { describeRoad } from './road';

describeRoad(17);
