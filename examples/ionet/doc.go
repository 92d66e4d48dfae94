// Package ionet has the rules of Io.net's compute market in exact integers: emission, hourly blocks, fees, stake and
// co-stake, buy-back and burn, and the supply at launch.
//
// Amounts are nano-IO (1e-9 IO) or, for payments, the smallest unit of the currency paid in. Divisions round down. What Io.net
// has published is a constant or a function here; what it has not published (slashing, base score, the launch supply's
// five shares) is in Params, declared by us and never claimed as theirs.
//
// Source: Io.net's published documents; golden figures in vectors/economics/ionet.json.
package ionet
