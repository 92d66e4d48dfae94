package main

import "strings"

// A format is one kind of vector file, known by the prefix of its name; the longest matching prefix wins.
type format struct {
	prefix string
	issue  string  // the issue that brings it
	run    handler // nil while that issue is open
	large  bool    // runs only with -large
}

// formats lists every kind of file that the vectors' READMEs describe.
var formats = []format{
	// vectors/filecoin
	{prefix: "fr32", issue: "SEAL", run: runFr32},
	{prefix: "commp", issue: "SEAL", run: runCommP},
	{prefix: "graph", issue: "SEAL", run: runGraph},
	{prefix: "labels", issue: "SEAL", run: runLabels},
	{prefix: "poseidon", issue: "SEAL", run: runPoseidon},
	{prefix: "seal", issue: "SEAL", run: runSeal},
	{prefix: "seal_512mib", issue: "SEAL", run: runSeal, large: true},
	{prefix: "unseal", issue: "SEAL", run: runUnseal},
	{prefix: "porep_challenges", issue: "SEAL", run: runPorepChallenges},
	{prefix: "porep_c1_", issue: "SEAL", run: runC1},
	{prefix: "post_challenges", issue: "POST", run: runPostChallenges},
	{prefix: "post_vanilla", issue: "POST", run: runPostVanilla},
	{prefix: "update", issue: "SECTOR", run: runUpdate},
	{prefix: "groth16_post", issue: "SNARK", run: runGroth16Post},
	{prefix: "groth16_seal", issue: "SNARK", run: runGroth16Seal},
	{prefix: "groth16_update", issue: "SNARK", run: runGroth16Update},
	{prefix: "groth16_aggregate", issue: "SNARK", run: runGroth16Aggregate},
	// vectors/mainnet
	{prefix: "groth16_raw_", issue: "SNARK", run: runGroth16Raw},
	{prefix: "seal_records", issue: "SNARK", run: runSealRecords},
	{prefix: "aggregates", issue: "SNARK", run: runAggregates},
	{prefix: "parameters", issue: "SNARK", run: runParameters},
	{prefix: "srs-inner-product", issue: "SNARK", run: runParameters},
	// vectors/yuma
	{prefix: "epoch_small", issue: "YUMA", run: epochSmall},
	{prefix: "epoch_large", issue: "YUMA", run: epochLarge},
	{prefix: "simulation_cases", issue: "YUMA", run: simulationCases},
	{prefix: "subtensor_tests", issue: "YUMA", run: subtensorTests},
	{prefix: "math_units", issue: "YUMA", run: mathUnits},
	{prefix: "bench_digests", issue: "YUMA", run: benchDigests},
	// vectors/economics
	{prefix: "filecoin_deadlines", issue: "POST", run: runPostDeadlines},
	{prefix: "filecoin_deadline_assignment", issue: "POST", run: runPostAssignment},
	{prefix: "evm_pdp", issue: "POST", run: runPDP},
	{prefix: "filecoin_basefee", issue: "STORAGE", run: runBaseFee},
	{prefix: "filecoin_bls", issue: "STORAGE", run: runBLS},
	{prefix: "filecoin_deals", issue: "STORAGE", run: runDeals},
	{prefix: "filecoin_election", issue: "STORAGE", run: runElection},
	{prefix: "filecoin_market", issue: "STORAGE", run: runMarket},
	{prefix: "filecoin_minting", issue: "STORAGE", run: runMinting},
	{prefix: "filecoin_monies", issue: "STORAGE", run: runMonies},
	{prefix: "filecoin_quality", issue: "STORAGE", run: runQuality},
	{prefix: "filecoin_reward_function", issue: "STORAGE", run: runRewardFunction},
	{prefix: "filecoin_smoothing", issue: "STORAGE", run: runSmoothing},
	{prefix: "filecoin_vesting", issue: "STORAGE", run: runVesting},
	{prefix: "ionet", issue: "COMPUTE", run: runIonet},
	{prefix: "bittensor_market", issue: "MODELS", run: runBittensor},
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
