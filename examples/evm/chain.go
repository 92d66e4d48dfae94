package evm

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm/runtime"
)

// gasLimit is that of a block: no call may come near it.
const gasLimit = 30_000_000

// A Chain is an EVM in memory with the verifier deployed. It is for one goroutine.
type Chain struct {
	config   *runtime.Config
	verifier common.Address
}

// NewChain deploys the committed bytecode. Calls come from account. Errors: those of Load and of the EVM.
func NewChain(account [20]byte) (*Chain, error) {
	a, err := Load()
	if err != nil {
		return nil, err
	}
	code, err := a.Creation()
	if err != nil {
		return nil, fmt.Errorf("evm: verifier.json: %w", err)
	}
	db, err := state.New(types.EmptyRootHash, state.NewDatabaseForTesting())
	if err != nil {
		return nil, fmt.Errorf("evm: %w", err)
	}
	c := &Chain{config: &runtime.Config{State: db, GasLimit: gasLimit, Origin: account}}
	if _, c.verifier, _, err = runtime.Create(code, c.config); err != nil {
		return nil, fmt.Errorf("evm: deployment: %w", err)
	}
	return c, nil
}

// Call calls the verifier. It returns whether the contract answered true, and the gas of the call alone; that of the calldata
// (CalldataGas) and of the transaction (TransactionGas) come on top. A call that reverts is an error.
func (c *Chain) Call(data []byte) (yes bool, gas uint64, err error) {
	out, left, err := runtime.Call(c.verifier, data, c.config)
	if err != nil {
		return false, gasLimit - left, fmt.Errorf("evm: %w", err)
	}
	return len(out) == 32 && out[31] == 1, gasLimit - left, nil
}
