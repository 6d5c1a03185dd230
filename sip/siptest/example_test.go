package siptest_test

import (
	"context"
	"fmt"
	"time"

	"breakwater/sip/siptest"
)

// Two phones call each other without a server; with one, Options.Server and
// Register come first, and numbers are what is dialled there.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	bob, err := siptest.New(siptest.Options{Name: "bob", Policy: siptest.AnswerAfter(20 * time.Millisecond)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bob.Close()
	alice, err := siptest.New(siptest.Options{Name: "alice"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer alice.Close()

	out, err := alice.Call(ctx, "bob@"+bob.Address().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	in := <-bob.Incoming()
	in.PlayTone(440, -20)
	fmt.Println("answered:", out.WaitAnswered(ctx))
	fmt.Println("alice hears 440 Hz at -20 dBm0:", out.WaitToneAt(ctx, 440, -21, -19))
	fmt.Println("alice presses *91:", out.SendDigits(ctx, "*91"))
	fmt.Println("bob sees it:", in.WaitDigits(ctx, "*91"))
	fmt.Println("alice hangs up:", out.Hangup(ctx))
	<-in.Ended()
	fmt.Println("bob says:", in.End())

	// Output:
	// answered: <nil>
	// alice hears 440 Hz at -20 dBm0: <nil>
	// alice presses *91: <nil>
	// bob sees it: <nil>
	// alice hangs up: <nil>
	// bob says: them: hung up
}
