package main

import "strings"

// A format is one kind of vector file, known by the prefix of its name; the longest matching prefix wins.
type format struct {
	prefix string
	run    handler
	large  bool // runs only with -large
}

// formats lists every kind of file that the vectors' READMEs describe.
var formats = []format{
	// vectors/filecoin
	{prefix: "fr32", run: runFr32},
	{prefix: "commp", run: runCommP},
	{prefix: "graph", run: runGraph},
	{prefix: "labels", run: runLabels},
	{prefix: "poseidon", run: runPoseidon},
	{prefix: "seal", run: runSeal},
	{prefix: "seal_512mib", run: runSeal, large: true},
	{prefix: "unseal", run: runUnseal},
	{prefix: "porep_challenges", run: runPorepChallenges},
	{prefix: "porep_c1_", run: runC1},
	{prefix: "post_challenges", run: runPostChallenges},
	{prefix: "post_vanilla", run: runPostVanilla},
	{prefix: "update", run: runUpdate},
	{prefix: "groth16_post", run: runGroth16Post},
	{prefix: "groth16_seal", run: runGroth16Seal},
	{prefix: "groth16_update", run: runGroth16Update},
	{prefix: "groth16_aggregate", run: runGroth16Aggregate},
	// vectors/mainnet
	{prefix: "groth16_raw_", run: runGroth16Raw},
	{prefix: "seal_records", run: runSealRecords},
	{prefix: "aggregates", run: runAggregates},
	{prefix: "parameters", run: runParameters},
	{prefix: "srs-inner-product", run: runParameters},
	// vectors/yuma
	{prefix: "epoch_small", run: epochSmall},
	{prefix: "epoch_large", run: epochLarge},
	{prefix: "simulation_cases", run: simulationCases},
	{prefix: "subtensor_tests", run: subtensorTests},
	{prefix: "math_units", run: mathUnits},
	{prefix: "bench_digests", run: benchDigests},
	// vectors/economics
	{prefix: "filecoin_deadlines", run: runPostDeadlines},
	{prefix: "filecoin_deadline_assignment", run: runPostAssignment},
	{prefix: "evm_pdp", run: runPDP},
	{prefix: "filecoin_basefee", run: runBaseFee},
	{prefix: "filecoin_bls", run: runBLS},
	{prefix: "filecoin_deals", run: runDeals},
	{prefix: "filecoin_election", run: runElection},
	{prefix: "filecoin_market", run: runMarket},
	{prefix: "filecoin_minting", run: runMinting},
	{prefix: "filecoin_monies", run: runMonies},
	{prefix: "filecoin_quality", run: runQuality},
	{prefix: "filecoin_reward_function", run: runRewardFunction},
	{prefix: "filecoin_smoothing", run: runSmoothing},
	{prefix: "filecoin_vesting", run: runVesting},
	{prefix: "ionet", run: runIonet},
	{prefix: "bittensor_market", run: runBittensor},
}

// lookup returns the format of a file by its base name without .gz, or nil.
func lookup(name string) *format {
	var best *format
	for i := range formats {
		f := &formats[i]
		if strings.HasPrefix(name, f.prefix) && (best == nil || len(f.prefix) > len(best.prefix)) {
			best = f
		}
	}
	return best
}

// auxiliary reports whether a file is no vector of its own: prose, or read by the vector that needs it.
func auxiliary(name string) bool {
	for _, suffix := range []string{".md", ".vk", ".bin", ".params"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return strings.HasPrefix(name, "public_inputs_")
}
