import { describeRoad } from './road';

describeRoad(15);
