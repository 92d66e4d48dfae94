package filecoin

import (
	"cmp"
	"math/big"
	"slices"
)

// An Ask is a provider's price, attoFIL an epoch for a piece, and the number of pieces that it takes.
type Ask struct {
	Provider Address
	Price    *big.Int
	Room     int
}

// A Bid is the most that a client pays for a piece, attoFIL an epoch. Not are the providers that it does not want: those that
// hold other shards of the same data, say.
type Bid struct {
	Client Address
	Most   *big.Int
	Not    []Address
}

// A Match is a bid, by its index, and the ask that serves it, at a price in the middle between what both would accept.
type Match struct {
	Bid, Ask int
	Price    *big.Int
}

// MatchBids serves bids, the highest first, by the cheapest ask that has room and is not above the bid. It changes neither.
// Equal prices are served in the order given.
func MatchBids(asks []Ask, bids []Bid) []Match {
	room := make([]int, len(asks))
	cheap, high := make([]int, len(asks)), make([]int, len(bids))
	for i, a := range asks {
		room[i], cheap[i] = a.Room, i
	}
	for i := range bids {
		high[i] = i
	}
	slices.SortStableFunc(cheap, func(i, j int) int { return asks[i].Price.Cmp(asks[j].Price) })
	slices.SortStableFunc(high, func(i, j int) int { return bids[j].Most.Cmp(bids[i].Most) })
	var out []Match
	for _, b := range high {
		for _, a := range cheap {
			if asks[a].Price.Cmp(bids[b].Most) > 0 {
				break
			}
			if room[a] < 1 || slices.Contains(bids[b].Not, asks[a].Provider) {
				continue
			}
			room[a]--
			price := add(asks[a].Price, bids[b].Most)
			out = append(out, Match{b, a, price.Rsh(price, 1)})
			break
		}
	}
	slices.SortFunc(out, func(x, y Match) int { return cmp.Compare(x.Bid, y.Bid) })
	return out
}

// NextAsk moves a price by what was sold of what was offered: up by at most an eighth where all was, down by at most an
// eighth where nothing was. It never falls below 1. Where nothing was offered the result is price itself.
func NextAsk(price *big.Int, sold, offered int) *big.Int {
	if offered < 1 {
		return price
	}
	step := floorDiv(mul(price, big.NewInt(int64(2*sold-offered))), big.NewInt(int64(8*offered)))
	return maxOf(add(price, step), big.NewInt(1))
}
