// Command pstest serves Google's in-memory Pub/Sub, the one that its Go client is tested with, until SIGTERM.
//
// It keeps nothing on disk: a restart is an empty Pub/Sub.
package main

import (
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"cloud.google.com/go/pubsub/v2/pstest"
)

func main() {
	address := flag.String("address", "127.0.0.1:8085", "host:port to listen on")
	flag.Parse()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	server := pstest.NewServerWithAddress(*address) // panics if the address cannot be had
	log.Printf("Pub/Sub listens on %s", server.Addr)
	log.Printf("%s, stopping", <-stop)
	if err := server.Close(); err != nil {
		log.Fatal(err)
	}
}
